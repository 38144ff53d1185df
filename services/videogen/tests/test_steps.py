"""What becomes of a video when something is heard of it: pure, so every order of things can be tried."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.events import (
    ArtifactRef,
    AspectRatio,
    JobFailed,
    JobRef,
    VideoGenerated,
    VideoProgressed,
    VideoSpec,
    VideoState,
)
from octavia_videogen.domain import steps
from octavia_videogen.domain.errors import ModelUnavailableError, NoVideoError, OrderDeferredError
from octavia_videogen.domain.records import Outcome, Stage, Task
from octavia_videogen.domain.states import NOTHING_YET, ProviderState, Shown, shown_of
from octavia_videogen.domain.steps import MOST_FETCHES, MOST_PAUSED, MOST_UNKNOWN, Rules
from octavia_videogen.providers.base import Record

NOW = datetime(2030, 1, 1, tzinfo=UTC)
RULES = Rules()
URL = "https://results.example.org/clip.mp4"
GONE = ModelUnavailableError("m", ["n"])


@pytest.fixture
def task(video_of: Any) -> Task:
    """A video that its provider is at work on, ordered ten seconds ago."""
    video = video_of()
    job = video.job.model_copy(update={"deadline_at": NOW + timedelta(hours=2)})
    return Task(
        hold_id=job.hold_id, job=job, spec=video.spec, provider="kie", stage=Stage.RUNNING, outcome=None,
        provider_task="theirs", adopted=False, hinted_task=None, cancel_asked=False, shown=NOTHING_YET,
        reserved_at=NOW - timedelta(seconds=12), ordered_at=NOW - timedelta(seconds=10),
        deadline_at=NOW + timedelta(minutes=30), released_at=None, troubles=0, results=(), traceparent="",
        now=NOW,
    )  # fmt: skip


def generated(task: Task, *, kept: bool = False) -> VideoGenerated:
    clip = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="video/mp4")
    return VideoGenerated(
        job=task.job, video=clip, provider="kie", model="m", duration_seconds=5, width=16, height=9,
        kept_by_provider=kept,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "figure", "shown"),
    [
        (ProviderState.WAITING, None, Shown(10, VideoState.PENDING)),
        (ProviderState.QUEUING, 70.0, Shown(10, VideoState.PENDING)),
        (ProviderState.GENERATING, None, Shown(50, VideoState.PROCESSING)),
        (ProviderState.GENERATING, 33.4, Shown(33, VideoState.PROCESSING)),
        (ProviderState.GENERATING, 0.0, Shown(10, VideoState.PROCESSING)),
        (ProviderState.GENERATING, 100.0, Shown(94, VideoState.PROCESSING)),
        (ProviderState.SUCCESS, None, Shown(95, VideoState.PROCESSING)),
    ],
)
def test_what_is_shown_of_a_state(state: ProviderState, figure: float | None, shown: Shown) -> None:
    assert shown_of(state, figure) == shown


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ProviderState.WAITING, ProviderState.QUEUING, ProviderState.GENERATING]),
            st.none() | st.floats(0, 100),
        ),
        max_size=20,
    )
)
def test_progress_never_falls_whatever_a_provider_says(states: list[tuple[ProviderState, float]]) -> None:
    shown = NOTHING_YET
    for state, figure in states:
        further = shown.advanced_to(shown_of(state, figure))
        assert further.percent >= shown.percent
        assert not (shown.state is VideoState.PROCESSING and further.state is VideoState.PENDING)
        assert further.percent < 100
        shown = further


def test_a_look_tells_only_what_is_new(task: Task) -> None:
    first = steps.looked(task, Record(ProviderState.GENERATING), RULES)
    assert [event.percent for event in first.events if isinstance(event, VideoProgressed)] == [50]
    again = steps.looked(first.task, Record(ProviderState.GENERATING), RULES)
    assert again.events == ()
    assert again.task == first.task
    back = steps.looked(first.task, Record(ProviderState.QUEUING), RULES)
    assert back.events == ()


def test_success_is_fetched_and_success_without_an_address_is_a_failure(task: Task) -> None:
    good = steps.looked(task, Record(ProviderState.SUCCESS, results=(URL,)), RULES)
    assert (good.task.stage, good.task.results, good.wait) == (Stage.FETCHING, (URL,), 0)
    bad = steps.looked(task, Record(ProviderState.SUCCESS), RULES)
    assert (bad.task.stage, bad.task.outcome) == (Stage.OVER, Outcome.FAILED)
    (told,) = bad.events
    assert isinstance(told, JobFailed)
    assert told.error.code == "video_unusable"


def test_a_failure_hands_the_providers_words_on_as_plain_text(task: Task) -> None:
    step = steps.looked(task, Record(ProviderState.FAIL, reason="No\x00 \x1b[31mgood\n" + "x" * 999), RULES)
    (told,) = step.events
    assert isinstance(told, JobFailed)
    assert told.error.message.isprintable()
    assert "[31mgood xxx" in told.error.message
    assert len(told.error.message) < 500


def test_past_its_deadline_it_fails_once_and_is_watched(task: Task) -> None:
    old = replace(task, deadline_at=NOW)
    first = steps.looked(old, Record(ProviderState.GENERATING), RULES)
    assert [type(event) for event in first.events] == [JobFailed]
    assert first.task.stage is Stage.RUNNING
    again = steps.looked(first.task, Record(ProviderState.GENERATING), RULES)
    assert again.events == ()
    late = steps.looked(first.task, Record(ProviderState.SUCCESS, results=(URL,)), RULES)
    assert (late.task.stage, late.events) == (Stage.FETCHING, ())
    end = steps.fetched(late.task, generated(task), RULES)
    assert [type(event) for event in end.events] == [VideoGenerated]
    assert (end.task.stage, end.task.outcome) == (Stage.OVER, Outcome.FAILED)


def test_a_success_at_the_deadline_is_a_success(task: Task) -> None:
    step = steps.looked(replace(task, deadline_at=NOW), Record(ProviderState.SUCCESS, results=(URL,)), RULES)
    assert step.task.outcome is None
    assert step.task.stage is Stage.FETCHING


def test_a_late_failure_tells_nothing(task: Task) -> None:
    ended = steps.ended(task)
    assert (ended.task.outcome, ended.events) == (Outcome.ENDED, ())
    step = steps.looked(ended.task, Record(ProviderState.FAIL, reason="x"), RULES)
    assert (step.task.stage, step.events) == (Stage.OVER, ())


def test_a_released_video_is_not_watched_for_ever(task: Task) -> None:
    released = replace(task, outcome=Outcome.ENDED, released_at=NOW - timedelta(seconds=RULES.late))
    assert steps.looked(released, Record(ProviderState.GENERATING), RULES).task.stage is Stage.OVER
    assert steps.look_failed(released, RULES).task.stage is Stage.OVER


def test_what_is_queued_and_ended_is_over(task: Task) -> None:
    assert steps.ended(replace(task, stage=Stage.QUEUED)).task.stage is Stage.OVER


def test_a_lost_order_waits_for_its_call_back_and_fails_at_the_deadline(task: Task) -> None:
    lost = replace(task, stage=Stage.ORDERING, provider_task=None)
    waiting = steps.unanswered(lost, RULES, may_return=True, idempotent=False)
    assert (waiting.task, waiting.wait, waiting.events) == (lost, 1800.0, ())
    over = steps.unanswered(replace(lost, deadline_at=NOW), RULES, may_return=True, idempotent=False)
    (told,) = over.events
    assert isinstance(told, JobFailed)
    assert told.error.code == "video_order_lost"
    assert over.task.stage is Stage.ORDERING  # a call-back may still bring it home, for audit
    found = steps.unanswered(replace(over.task, hinted_task="x"), RULES, may_return=True, idempotent=False)
    assert (found.task.stage, found.task.provider_task, found.task.adopted) == (Stage.RUNNING, "x", True)


def test_a_lost_order_is_looked_for_in_a_list_before_it_is_given_up(task: Task) -> None:
    lost = replace(task, stage=Stage.ORDERING, provider_task=None, ordered_at=NOW)
    step = steps.unanswered(lost, RULES, may_return=False, idempotent=False, listed=True)
    assert (step.task, step.wait > 0, step.events) == (lost, True, ())
    old = replace(lost, ordered_at=NOW - timedelta(seconds=steps.LISTED_SECONDS))
    (told,) = steps.unanswered(old, RULES, may_return=False, idempotent=False, listed=True).events
    assert isinstance(told, JobFailed)
    found = replace(lost, hinted_task="v1")
    step = steps.unanswered(found, RULES, may_return=False, idempotent=False, listed=True)
    assert (step.task.stage, step.task.provider_task, step.task.adopted) == (Stage.RUNNING, "v1", True)


def test_a_lost_order_that_nobody_can_tell_of_fails_at_once(task: Task) -> None:
    lost = replace(task, stage=Stage.ORDERING, provider_task=None)
    step = steps.unanswered(lost, RULES, may_return=False, idempotent=False)
    assert step.task.stage is Stage.OVER
    assert [type(event) for event in step.events] == [JobFailed]


def test_an_order_that_is_the_same_twice_is_sent_again(task: Task) -> None:
    lost = replace(task, stage=Stage.ORDERING, provider_task=None)
    step = steps.unanswered(lost, RULES, may_return=False, idempotent=True)
    assert (step.task.stage, step.events) == (Stage.QUEUED, ())


def test_a_disowned_record_leaves_the_order_lost(task: Task) -> None:
    step = steps.disowned(replace(task, adopted=True, hinted_task="x", provider_task="x"), RULES)
    assert (step.task.stage, step.task.provider_task, step.task.hinted_task) == (Stage.ORDERING, None, None)
    assert step.events == ()


def test_an_order_deferred_for_its_rate_waits_in_line_for_as_long_as_it_takes(task: Task) -> None:
    now = replace(task, stage=Stage.ORDERING, provider_task=None)
    for _ in range(500):
        step = steps.deferred(now, OrderDeferredError("429", limited=True), GONE, RULES)
        assert step.task.stage is Stage.QUEUED
        assert 0 < step.wait <= 60
        now = replace(step.task, stage=Stage.ORDERING)


@pytest.mark.parametrize(("paused", "code"), [(True, GONE.code), (False, "video_provider_away")])
def test_an_order_refused_again_and_again_fails_within_bounds(task: Task, paused: bool, code: str) -> None:
    now = replace(task, stage=Stage.ORDERING, provider_task=None)
    waited = 0.0
    sent = 0
    while sent < 100:
        sent += 1
        step = steps.deferred(now, OrderDeferredError("500", paused=paused), GONE, RULES)
        if step.events:
            break
        waited += step.wait
        now = replace(step.task, stage=Stage.ORDERING)
    (told,) = step.events
    assert isinstance(told, JobFailed)
    assert told.error.code == code
    assert waited <= RULES.patience
    if paused:
        assert sent == MOST_PAUSED + 1


def test_a_provider_that_forgot_the_task_is_believed_after_some_times(task: Task) -> None:
    now = task
    for _ in range(MOST_UNKNOWN - 1):
        step = steps.unknown(now, RULES)
        assert step.events == ()
        now = step.task
    assert [type(event) for event in steps.unknown(now, RULES).events] == [JobFailed]


def test_a_result_that_cannot_be_had_is_given_up_within_bounds(task: Task) -> None:
    now = replace(task, stage=Stage.FETCHING, results=(URL,))
    trouble = OrderDeferredError("away")
    for _ in range(MOST_FETCHES - 1):
        step = steps.fetch_failed(now, trouble, counts=True)
        assert step.events == ()
        now = step.task
    assert [type(event) for event in steps.fetch_failed(now, trouble, counts=True).events] == [JobFailed]
    # Our own store's troubles are no fault of the video.
    assert steps.fetch_failed(replace(now, troubles=99), trouble, counts=False).events == ()
    assert steps.fetch_failed(task, NoVideoError("x"), counts=False).task.stage is Stage.OVER


def test_a_clip_kept_by_its_provider_is_looked_after(task: Task) -> None:
    step = steps.fetched(replace(task, stage=Stage.FETCHING), generated(task, kept=True), RULES)
    assert (step.task.stage, step.task.outcome, step.wait) == (Stage.KEPT, Outcome.GENERATED, RULES.kept)


def test_an_answer_after_the_end_changes_nothing(task: Task) -> None:
    for stage in (Stage.FETCHING, Stage.KEPT, Stage.OVER):
        done = replace(task, stage=stage, outcome=Outcome.GENERATED)
        assert steps.created(done, "again", RULES).task == done


def test_an_order_taken_for_what_nobody_wants_is_cancelled_at_once(task: Task) -> None:
    late = replace(task, stage=Stage.ORDERING, provider_task=None, outcome=Outcome.ENDED, released_at=NOW)
    step = steps.created(late, "theirs", RULES)
    assert (step.task.stage, step.wait) == (Stage.RUNNING, 0)
    assert steps.cancelled(step.task, RULES, gone=True).task.stage is Stage.OVER
    watched = steps.cancelled(step.task, RULES, gone=False).task
    assert (watched.stage, watched.cancel_asked) == (Stage.RUNNING, True)


HEARD = st.sampled_from(
    [
        "generating",
        "success",
        "empty",
        "fail",
        "unreadable",
        "unknown",
        "cancel",
        "fetched",
        "unusable",
        "time",
    ]
)


@given(st.lists(HEARD, max_size=25))
def test_the_end_is_told_once_whatever_is_heard_in_whatever_order(heard: list[str]) -> None:
    job = JobRef(job_id=uuid4(), user_id=uuid4(), hold_id=uuid4(), deadline_at=NOW + timedelta(hours=2))
    spec = VideoSpec(prompt="x", aspect_ratio=AspectRatio.SQUARE, duration_seconds=5, model="m")
    now = Task(
        hold_id=job.hold_id, job=job, spec=spec, provider="kie", stage=Stage.RUNNING, outcome=None,
        provider_task="theirs", adopted=False, hinted_task=None, cancel_asked=False, shown=NOTHING_YET,
        reserved_at=NOW, ordered_at=NOW, deadline_at=NOW + timedelta(minutes=30), released_at=None,
        troubles=0, results=(), traceparent="", now=NOW,
    )  # fmt: skip
    told: list[Any] = []
    ended_elsewhere = False
    for what in heard:
        step = None
        if what == "time":
            now = replace(now, now=now.now + timedelta(minutes=20))
        elif what == "cancel":
            ended_elsewhere = ended_elsewhere or not now.late
            step = steps.ended(now)
        elif now.stage is Stage.RUNNING:
            record = {
                "generating": Record(ProviderState.GENERATING),
                "success": Record(ProviderState.SUCCESS, results=(URL,)),
                "empty": Record(ProviderState.SUCCESS),
                "fail": Record(ProviderState.FAIL),
            }.get(what)
            if record is not None:
                step = steps.looked(now, record, RULES)
            elif what == "unreadable":
                step = steps.look_failed(now, RULES)
            elif what == "unknown":
                step = steps.unknown(now, RULES)
        elif now.stage is Stage.FETCHING and what in ("fetched", "unusable"):
            failed = steps.fetch_failed(now, NoVideoError("x"), counts=True)
            step = failed if what == "unusable" else steps.fetched(now, generated(now), RULES)
        if step is not None:
            told += step.events
            now = replace(step.task, now=now.now)
    failures = [event for event in told if isinstance(event, JobFailed)]
    successes = [event for event in told if isinstance(event, VideoGenerated)]
    assert len(failures) <= 1
    assert len(successes) <= 1
    assert not (failures and ended_elsewhere)
    first_end = next((event for event in told if isinstance(event, JobFailed | VideoGenerated)), None)
    if now.outcome is Outcome.GENERATED:
        assert first_end is successes[0]
    after_the_end = told[told.index(first_end) + 1 :] if first_end is not None else []
    assert not any(isinstance(event, VideoProgressed) for event in after_the_end)
