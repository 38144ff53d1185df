"""What a task is ordered to do that a good provider would not; orders stand in a request or in the prompt.

In a prompt an order is a word such as `sim:silent` or `sim:seconds=3`; several may stand in one prompt.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

ALWAYS = -1
"""As a number of times: every time."""

Times = Annotated[int, Field(ge=ALWAYS)]


class Ending(StrEnum):
    """How a task ends."""

    SUCCESS = "success"
    FAIL = "fail"
    NEVER = "never"


class Answer(StrEnum):
    """What becomes of the answer to a create that was accepted."""

    GIVEN = "given"
    LOST = "lost"  # the task is made (and paid for), the connection is cut before a byte of the answer
    HANGING = "hanging"  # the task is made, the answer comes after longer than anybody waits
    LATE = "late"  # the answer comes after the task has ended, and after its call-back


class Result(StrEnum):
    """What a success leads to."""

    CLIP = "clip"
    MISSING = "missing"  # no list of addresses
    EMPTY = "empty"  # a list without an address
    UNREADABLE = "unreadable"  # the string of JSON is none
    EXPIRED = "expired"  # an address that answers 404, as that of a clip kept no longer
    NOT_VIDEO = "not-video"  # a page of HTML, called video/mp4
    TRUNCATED = "truncated"  # half a clip, all of it that was announced
    CUT_OFF = "cut-off"  # the connection is cut in the middle, every time
    ENDLESS = "endless"  # never stops sending
    INSIDE = "inside"  # a redirect to an address of the machine that asks (169.254.169.254)


class Hook(StrEnum):
    """A call-back; all but the first two are what a provider would not or should not send."""

    HONEST = "honest"  # the record as it stands, signed where there is a key
    DUPLICATE = "duplicate"  # the same once more, byte for byte
    UNSIGNED = "unsigned"
    WRONG_SIGNATURE = "wrong-signature"  # signed with another key
    STALE = "stale"  # rightly signed, ten minutes ago: a replay
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - to an address whose last part nobody gave
    FORGED_SUCCESS = "forged-success"  # right signature (it does not cover the body), another's clip
    FORGED_FAIL = "forged-fail"
    FORGED_TASK = "forged-task"  # names a task nobody made, rightly signed for it
    TWO_IDS = "two-ids"  # taskId and task_id that differ
    SNAKE_CASE = "snake-case"  # task_id alone
    HUGE = "huge"  # 8 MiB
    WRONG_TYPE = "wrong-type"  # text/html
    NOT_JSON = "not-json"
    EARLIER_STATES = "earlier-states"  # after the end: generating, then waiting


class Trouble(BaseModel):
    """Requests that are refused with `code` so many times."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: int
    times: Times = 2


class Orders(BaseModel):
    """What is ordered of one task; what is not said is done as a good provider does it.

    Attributes:
        seconds: from the create to the end; None for what the simulator was started with.
        manual: it generates until `POST /simulator/end` ends it.
        refuse: how creates of this prompt are refused before one is accepted, in this order.
        lose: so many creates of this prompt are lost before they are read: connection cut, no task made.
        query: how questions for the record are refused before one is answered.
        garbled: so many answers to questions are HTML.
        skip_states: it waits, and then has ended.
        backwards: its state and progress fall in the middle.
        figure: the record carries a progress.
        before, after: call-backs before the end (spread over the generation) and at the end.
        expires_seconds: so long after the end its clip is gone; None for never.
        codes_in_body: errors come as HTTP 200 with the code in the body.
        says_message: `message` for `msg`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: NonNegativeFloat | None = None
    manual: bool = False
    ending: Ending = Ending.SUCCESS
    fail_code: str = "500"
    fail_reason: str = "The prompt asks for what this model refuses to show."
    refuse: tuple[Trouble, ...] = ()
    lose: Times = 0
    answer: Answer = Answer.GIVEN
    query: tuple[Trouble, ...] = ()
    garbled: Times = 0
    skip_states: bool = False
    backwards: bool = False
    figure: bool = True
    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = (Hook.HONEST,)
    result: Result = Result.CLIP
    expires_seconds: NonNegativeFloat | None = None
    codes_in_body: bool = False
    says_message: bool = False


class UnknownOrderError(ValueError):
    """A word after `sim:` that means nothing, or a value that does not fit it."""


_WORD = re.compile(r"\bsim:(?P<name>[a-z0-9-]+)(?:=(?P<value>[\w.-]+))?")

_FIXED: Mapping[str, Mapping[str, Any]] = {
    "manual": {"manual": True},
    "stuck": {"ending": Ending.NEVER},
    "lost-answer": {"answer": Answer.LOST},
    "hanging-answer": {"answer": Answer.HANGING},
    "late-answer": {"answer": Answer.LATE},
    "skip-states": {"skip_states": True},
    "backwards": {"backwards": True},
    "no-figure": {"figure": False},
    "silent": {"after": ()},
    "duplicate": {"after": (Hook.HONEST, Hook.DUPLICATE, Hook.DUPLICATE)},
    "out-of-order": {"after": (Hook.HONEST, Hook.EARLIER_STATES)},
    "forged-body": {"before": (Hook.FORGED_SUCCESS, Hook.FORGED_FAIL)},
    "missing-urls": {"result": Result.MISSING},
    "empty-urls": {"result": Result.EMPTY},
    "codes-in-body": {"codes_in_body": True},
    "message": {"says_message": True},
    # The end by these call-backs alone: the poller has to find it.
    **{hook.value: {"after": (hook,)} for hook in Hook if hook not in (Hook.HONEST, Hook.DUPLICATE)},
    **{result.value: {"result": result} for result in Result if result is not Result.CLIP},
}


def orders_of(prompt: str, base: Orders | None = None) -> Orders:
    """The orders in a prompt, on top of `base`.

    Raises:
        UnknownOrderError: naming what is not understood; a test that misspells an order must not pass.
    """
    base = base or Orders()
    changed: dict[str, Any] = {}
    for match in _WORD.finditer(prompt):
        name, value = match["name"], match["value"]
        for field, given in _one(name, value).items():
            # Refusals add up, in the order of the words; of anything else the last word holds.
            changed[field] = (*changed.get(field, ()), *given) if field in ("refuse", "query") else given
    try:
        return Orders.model_validate({**base.model_dump(), **changed})
    except ValidationError as error:
        raise UnknownOrderError(f"An order of the prompt has a value that does not fit: {error}") from None


def _one(name: str, value: str | None) -> Mapping[str, Any]:
    match name:
        case "seconds" | "slow":
            return {"seconds": value or "60"}
        case "expires":
            return {"expires_seconds": value or "0"}
        case "fail":
            return {"ending": Ending.FAIL, **({"fail_code": value} if value else {})}
        case "lost-request":
            return {"lose": _times(value, 1)}
        case "garbled":
            return {"garbled": _times(value, 2)}
        case "paused":
            return {"refuse": (Trouble(code=500, times=_times(value, ALWAYS)),)}
    if name.isdigit() and len(name) == 3:
        return {"refuse": (Trouble(code=int(name), times=_times(value, _usual(int(name)))),)}
    if (code := name.removeprefix("query-")) != name and code.isdigit():
        return {"query": (Trouble(code=int(code), times=_times(value, 2)),)}
    if name in _FIXED and value is None:
        return _FIXED[name]
    raise UnknownOrderError(
        f"sim:{name}{f'={value}' if value else ''} is no order; README.md lists them all."
    )


def _usual(code: int) -> int:
    """What passes by itself is refused twice, what does not always."""
    return 2 if code in (408, 429, 455, 500, 502, 503) else ALWAYS


def _times(value: str | None, default: int) -> int:
    if value is None:
        return default
    if value == "always":
        return ALWAYS
    if value.isdigit():
        return int(value)
    raise UnknownOrderError(f"{value!r} is no number of times: give a whole number or `always`.")
