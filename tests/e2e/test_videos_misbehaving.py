"""All that a provider does wrong, all at once: each video ends as it should, and the ledger shows it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from octavia_local.api import Api

from .filming import PRICE, WELCOME, Film
from .ledger import verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Case:
    """What is ordered, and how it should end.

    Attributes:
        words: the orders.
        code: of the error that its owner reads; "" where the video is completed.
        made: tasks that the provider has made (and is paid for).
        model: "hasty" has a deadline of a few seconds.
    """

    words: str
    code: str = ""
    made: int = 1
    model: str = "kling-2.6"

    @property
    def prompt(self) -> str:
        """Nobody else's."""
        return f"{self.words} a paper boat ({self.model})"


CASES = (
    Case("sim:seconds=4"),
    Case("sim:silent"),
    Case("sim:duplicate"),
    Case("sim:out-of-order"),
    Case("sim:wrong-signature"),
    Case("sim:forged-body sim:seconds=2"),
    Case("sim:backwards sim:seconds=3"),
    Case("sim:429"),
    Case("sim:455"),
    Case("sim:500 sim:codes-in-body sim:message"),
    Case("sim:query-404=1 sim:query-500=1 sim:silent"),
    Case("sim:lost-answer"),
    Case("sim:late-answer"),
    Case("sim:fail=400", "video_provider_failed"),
    Case("sim:missing-urls", "video_unusable"),
    Case("sim:expired", "video_unusable"),
    Case("sim:inside", "video_unusable"),
    Case("sim:paused", "video_model_unavailable", made=0),
    Case("sim:lost-answer sim:silent", "video_order_lost", model="hasty"),
    Case("sim:lost-request", "video_order_lost", made=0, model="hasty"),
    Case("sim:stuck", "video_too_late", model="hasty"),
)

MORE_CASES = (
    Case("sim:unsigned"),
    Case("sim:stale"),
    Case("sim:wrong-token"),
    Case("sim:forged-success"),
    Case("sim:forged-fail"),
    Case("sim:forged-task"),
    Case("sim:two-ids"),
    Case("sim:snake-case"),
    Case("sim:huge"),
    Case("sim:wrong-type"),
    Case("sim:not-json"),
    Case("sim:skip-states"),
    Case("sim:no-figure sim:seconds=2"),
    Case("sim:garbled sim:silent"),
    Case("sim:query-429 sim:silent"),
    Case("sim:429=6"),
    Case("sim:fail=501", "video_provider_failed"),
    Case("sim:401", "video_provider_account", made=0),
    Case("sim:402 sim:codes-in-body", "video_provider_account", made=0),
    Case("sim:422", "video_refused", made=0),
    Case("sim:505", "video_model_unavailable", made=0),
    Case("sim:empty-urls", "video_unusable"),
    Case("sim:unreadable", "video_unusable"),
    Case("sim:not-video", "video_unusable"),
    Case("sim:truncated", "video_unusable"),
    Case("sim:endless", "video_unusable"),
    Case("sim:cut-off", "video_unusable"),
    Case("sim:stuck sim:backwards", "video_too_late", model="hasty"),
)


@dataclass(frozen=True)
class Seen:
    """What became of all cases, of one user."""

    videos: dict[str, dict[str, Any]]
    progress: dict[str, list[int]]
    clips: dict[str, bytes]
    lines: dict[str, Counter[str]]
    tasks: dict[str, list[dict[str, Any]]]
    credits: dict[str, Any]


async def see(film: Film, cases: Sequence[Case], timeout: float) -> Seen:
    """Ask for all, wait for all."""
    async with await film.user() as user:
        videos = {case.words: (await user.generate(case.prompt, model=case.model))[0] for case in cases}
        progress: dict[str, list[int]] = {words: [] for words in videos}
        followed = [follow(user, video, progress[words]) for words, video in videos.items()]
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(*followed)
        except TimeoutError:
            stuck = [await user.video(video["id"]) for video in videos.values()]
            open_ones = {v["prompt"]: v["status"] for v in stuck if v["status"] in ("pending", "processing")}
            raise AssertionError(f"not ended after {timeout} s: {open_ones}") from None
        ended = {words: await user.video(video["id"]) for words, video in videos.items()}
        clips = {words: await user.clip(v["id"]) for words, v in ended.items() if v["status"] == "completed"}
        history = await user.history()
        lines = {
            words: Counter(line["kind"] for line in history if line["job_id"] == video["id"])
            for words, video in videos.items()
        }
        tasks = {
            case.words: [t for t in film.control.tasks() if t["prompt"] == case.prompt] for case in cases
        }
        return Seen(ended, progress, clips, lines, tasks, await user.credits())


async def follow(user: Api, video: dict[str, Any], progress: list[int]) -> None:
    async for _, _, state in user.events(video["id"], kind="videos"):
        progress.append(state["progress"])
        if state["status"] in ("completed", "failed", "cancelled"):
            return


@pytest.fixture(scope="module")
def seen(film: Film) -> Seen:
    film.videogen()
    return asyncio.run(see(film, CASES, 150))


@pytest.fixture(scope="module")
def more_seen(film: Film) -> Seen:
    film.videogen()
    return asyncio.run(see(film, MORE_CASES, 290))


def check(case: Case, seen: Seen) -> None:
    video, tasks = seen.videos[case.words], seen.tasks[case.words]
    assert len(tasks) == case.made, "no task is paid for twice"
    assert seen.progress[case.words] == sorted(seen.progress[case.words]), "progress never falls"
    if case.code:
        assert (video["status"], video["error_code"]) == ("failed", case.code), video
        assert video["error_message"]
        assert (video["content"], video["clip"]) == (None, None)
        assert seen.lines[case.words] == Counter(reserve=1, release=1)
    else:
        assert video["status"] == "completed", video
        assert seen.clips[case.words].endswith(tasks[0]["id"].encode()), "the clip of this very task"
        assert seen.lines[case.words] == Counter(reserve=1, capture=1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_each_ends_as_it_should(case: Case, seen: Seen) -> None:
    check(case, seen)


@pytest.mark.slow
@pytest.mark.parametrize("case", MORE_CASES, ids=lambda case: case.words)
def test_each_of_the_others_too(case: Case, more_seen: Seen) -> None:
    check(case, more_seen)


def test_the_reason_is_the_providers_own(seen: Seen) -> None:
    assert "refuses to show" in seen.videos["sim:fail=400"]["error_message"]


def test_nobody_paid_for_what_was_not_delivered(film: Film, seen: Seen) -> None:
    delivered = sum(not case.code for case in CASES)
    assert seen.credits["available"] == WELCOME - delivered * PRICE
    assert seen.credits["held"] == 0
    verify_ledger(film.platform)


def test_the_providers_rate_was_kept(film: Film, seen: Seen) -> None:
    assert film.control.counts()["most creates in a window"] <= 20
