"""What Kie's answers mean. Its pages contradict each other here and there: both readings are accepted.

Source: `reference/kie-api.md` of this project's papers; docs.kie.ai as of autumn 2026.
"""

import json
from collections.abc import Mapping
from typing import Any

from octavia_common.errors import OctaviaError

from octavia_videogen.domain.errors import (
    AnswerLostError,
    LookFailedError,
    ModelSwitchedOffError,
    OrderDeferredError,
    ProviderAccountError,
    ProviderRefusedError,
    TaskUnknownError,
)
from octavia_videogen.domain.states import ProviderState
from octavia_videogen.providers.base import Record

OK = 200
ACCOUNT = frozenset({401, 402, 403, 433})
"""Key, balance, and the limit of a sub-key."""

REFUSED = frozenset({400, 404, 413, 422, 451, 501})
"""451: the picture cannot be fetched."""

LATER = frozenset({429, 455, 500, 503})
"""Rate, maintenance, and troubles that the API itself tells of in its own words: the order was not taken."""

SWITCHED_OFF = 505

MOST_RESULTS = 8
LONGEST_URL = 4096


def body_of(content: bytes) -> Mapping[str, Any] | None:
    """The JSON object of an answer, or None where it is none."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def code_of(status: int, body: Mapping[str, Any] | None) -> int:
    """The code that counts: the body's own, where it has one, even where HTTP says 200."""
    code = body.get("code") if body is not None else None
    if isinstance(code, str) and code.isdecimal():
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else status


def message_of(body: Mapping[str, Any] | None) -> str:
    """What it says: some replies call it `message`."""
    for name in ("msg", "message"):
        said = body.get(name) if body is not None else None
        if isinstance(said, str) and said:
            return said
    return ""


def created(status: int, content: bytes, retry_after: float | None) -> str:
    """The id of the task that was created. Raises what `Provider.create` does, and ModelSwitchedOffError."""
    body = body_of(content)
    code = code_of(status, body)
    task = _text(_data(body), "taskId", "task_id")
    if code == OK and status < 300 and task is not None:
        return task
    raise _order_error(code, body, retry_after)


def _order_error(code: int, body: Mapping[str, Any] | None, retry_after: float | None) -> OctaviaError:
    said = message_of(body)
    if code in ACCOUNT:
        return ProviderAccountError(f"{code} {said}")
    if code in REFUSED:
        return ProviderRefusedError(said)
    if code == SWITCHED_OFF:
        return ModelSwitchedOffError(said)
    if code == 429 or (code in LATER and body is not None and "code" in body):
        return OrderDeferredError(
            f"{code} {said}",
            retry_after=retry_after,
            paused="paused" in said.lower(),
            limited=code == 429,
        )
    # Success without an id, an error page of a proxy, no answer in time: it may have been taken.
    return AnswerLostError(f"{code} {said}")


def record(status: int, content: bytes, retry_after: float | None) -> Record:
    """What the record says. Raises TaskUnknownError, LookFailedError."""
    body = body_of(content)
    code = code_of(status, body)
    said = message_of(body)
    data = _data(body)
    if code != OK or status >= 300 or data is None:
        if code == 404 or (code in (OK, 422) and body is not None and data is None):
            raise TaskUnknownError
        raise LookFailedError(f"{code} {said}", retry_after=retry_after)
    try:
        state = ProviderState(str(data.get("state", "")).strip().lower())
    except ValueError:
        raise LookFailedError(f"an unknown state {data.get('state')!r}") from None
    param = _param(data.get("param"))
    return Record(
        state=state,
        figure=_figure(data.get("progress")),
        results=_results(data.get("resultJson")) if state is ProviderState.SUCCESS else (),
        reason=_reason(data) if state is ProviderState.FAIL else "",
        model=_text(data, "model") or _text(param, "model"),
        callback_url=_text(param, "callBackUrl"),
    )


def _data(body: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    data = body.get("data") if body is not None else None
    return data if isinstance(data, dict) else None


def _text(values: Mapping[str, Any] | None, *names: str) -> str | None:
    for name in names:
        value = values.get(name) if values is not None else None
        if isinstance(value, str) and value and len(value) <= LONGEST_URL:
            return value
    return None


def _param(text: object) -> Mapping[str, Any] | None:
    """The request as the record keeps it: a JSON string, or already an object."""
    if isinstance(text, dict):
        return text
    return body_of(text.encode()) if isinstance(text, str) else None


def _figure(progress: object) -> float | None:
    if isinstance(progress, bool) or not isinstance(progress, int | float | str):
        return None
    try:
        figure = float(str(progress).strip().removesuffix("%"))
    except ValueError:
        return None
    return figure if 0 <= figure <= 100 else None


def _results(text: object) -> tuple[str, ...]:
    """The addresses in `resultJson`, a JSON string in the reference, an object in some samples."""
    found = _param(text)
    urls = found.get("resultUrls") if found is not None else None
    if not isinstance(urls, list):
        return ()
    named = [url for url in urls if isinstance(url, str) and 0 < len(url) <= LONGEST_URL]
    return tuple(named[:MOST_RESULTS])


def _reason(data: Mapping[str, Any]) -> str:
    code, said = data.get("failCode"), data.get("failMsg")
    reason = said if isinstance(said, str) else ""
    return reason or (f"code {code}" if isinstance(code, str | int) and str(code) else "")
