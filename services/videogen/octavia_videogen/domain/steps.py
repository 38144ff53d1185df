"""What becomes of a video when something is heard of it. Pure: a record in, a record and events out.

Two things are settled once, by whoever comes first: an order is sent at most once for each attempt, and what
became of the hold is told once (`outcome`). All that comes after the telling is kept for audit.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from octavia_common.errors import OctaviaError
from octavia_common.events import EventData, JobFailed, VideoGenerated, VideoProgressed

from octavia_videogen.domain.errors import (
    NoVideoError,
    OrderDeferredError,
    OrderLostError,
    ProviderAwayError,
    ProviderFailedError,
    VideoTooLateError,
    job_error,
)
from octavia_videogen.domain.records import Outcome, Stage, Task
from octavia_videogen.domain.schedule import PollSchedule, after_trouble, waited_after
from octavia_videogen.domain.states import FETCHING, ORDERED, ProviderState, Shown, shown_of
from octavia_videogen.providers.base import Record

MOST_FETCHES = 8
"""Tries to bring a result home, over some three minutes."""

MOST_UNKNOWN = 4
"""Times in a row that a provider may say it knows no such task: a record may appear a moment late."""

LISTED_SECONDS = 120.0
"""A provider that took an order lists it by then; after that it did not take it."""

LIST_AGAIN_SECONDS = 3.0

MOST_PAUSED = 4
"""Times that a model may be called paused before the order is given up: some seconds."""


@dataclass(frozen=True)
class Rules:
    """How patient the service is. Times are seconds.

    `patience` is how long a provider may refuse an order, `late` how long after the release of its hold a
    video may still come and be kept for audit, `kept` how often it is looked whether it is still there.
    """

    schedule: PollSchedule = field(default_factory=PollSchedule)
    patience: float = 900.0
    late: float = 24 * 3600.0
    kept: float = 6 * 3600.0


@dataclass(frozen=True)
class Step:
    """The record as it is to be written, when to go on with it, and what is to be told."""

    task: Task
    wait: float = 0.0
    events: tuple[EventData, ...] = ()


def ordering(task: Task, provider: str, deadline_seconds: float, answer_seconds: float) -> Step:
    """An order is about to be sent; its answer is there in `answer_seconds`, or was lost."""
    deadline = min(task.now + timedelta(seconds=deadline_seconds), task.job.deadline_at)
    moved = replace(task, stage=Stage.ORDERING, provider=provider, ordered_at=task.now, deadline_at=deadline)
    return _shown(moved, ORDERED, answer_seconds)


def created(task: Task, provider_task: str, rules: Rules) -> Step:
    """The provider took the order, whatever else has happened since."""
    if task.stage in (Stage.FETCHING, Stage.KEPT, Stage.OVER):
        return Step(task)
    moved = replace(task, stage=Stage.RUNNING, provider_task=provider_task, adopted=False, troubles=0)
    soon = task.late or task.hinted_task is not None
    return Step(moved, 0.0 if soon else rules.schedule.first)


def deferred(task: Task, error: OrderDeferredError, unavailable: OctaviaError, rules: Rules) -> Step:
    """The provider certainly did not take the order: it is sent again later, within bounds."""
    times = task.troubles if error.limited else task.troubles + 1
    moved = replace(
        task, stage=Stage.QUEUED, troubles=times, provider_task=None, adopted=False, hinted_task=None
    )
    if task.late:
        return Step(replace(moved, stage=Stage.OVER))
    if error.paused and times > MOST_PAUSED:
        return failed(moved, unavailable)
    if waited_after(times) > rules.patience or task.now >= task.job.deadline_at:
        return failed(moved, ProviderAwayError())
    return Step(moved, after_trouble(max(1, times), error.retry_after))


def unanswered(task: Task, rules: Rules, *, may_return: bool, idempotent: bool, listed: bool = False) -> Step:
    """Nobody heard the answer to the order. It is not sent again, unless that were the same order.

    `listed` where the provider lists its orders, so that it may still be found there.
    """
    if idempotent and not task.late:
        return Step(replace(task, stage=Stage.QUEUED))
    if task.hinted_task is not None:
        return Step(replace(task, stage=Stage.RUNNING, provider_task=task.hinted_task, adopted=True))
    if listed and task.age < LISTED_SECONDS and not task.past_deadline:
        return Step(task, LIST_AGAIN_SECONDS)
    if not may_return:
        return failed(task, OrderLostError())
    if task.past_deadline and not task.late:
        return failed(task, OrderLostError(), watched=True, wait=rules.late)
    if task.late:
        left = rules.late - task.released_for
        return Step(task, left) if left > 0 else Step(replace(task, stage=Stage.OVER))
    return Step(task, task.seconds_left)


def disowned(task: Task, rules: Rules) -> Step:
    """The record that a call-back pointed to is not of this order: it goes on waiting for its own."""
    moved = replace(task, stage=Stage.ORDERING, provider_task=None, adopted=False, hinted_task=None)
    return unanswered(moved, rules, may_return=True, idempotent=False)


def looked(task: Task, record: Record, rules: Rules) -> Step:
    """The provider's record was read, and is believed."""
    task = replace(task, troubles=0, adopted=False)
    if record.state is ProviderState.FAIL:
        return failed(task, ProviderFailedError(record.reason))
    if record.state is ProviderState.SUCCESS:
        if not record.results:
            return failed(task, NoVideoError("it gave no address of one."))
        return _shown(replace(task, stage=Stage.FETCHING, results=record.results), FETCHING, 0.0)
    if task.past_deadline and not task.late:
        return failed(task, VideoTooLateError(), watched=True)
    if task.late:
        return _unless_too_late(task, _wait(task, rules), rules)
    shown = shown_of(record.state, record.figure)
    wait = _wait(task, rules)
    if record.figure and record.state is ProviderState.GENERATING and shown.percent > task.shown.percent:
        wait = min(wait, rules.schedule.foreseen(task.age, record.figure))
    return _shown(task, shown, wait)


def look_failed(task: Task, rules: Rules, *, retry_after: float | None = None) -> Step:
    """The record could not be read: later, more slowly, and only until the deadline."""
    times = task.troubles + 1
    moved = replace(task, troubles=times)
    if task.past_deadline and not task.late:
        return failed(moved, VideoTooLateError(), watched=True)
    wait = max(_wait(task, rules), after_trouble(times, retry_after))
    return _unless_too_late(moved, wait if task.late else min(wait, task.seconds_left), rules)


def unknown(task: Task, rules: Rules) -> Step:
    """The provider says that it has no such task."""
    if task.troubles + 1 >= MOST_UNKNOWN:
        return failed(task, ProviderFailedError("it does not know the video any more"))
    return look_failed(task, rules)


def cancelled(task: Task, rules: Rules, *, gone: bool) -> Step:
    """The provider was asked to give the task up; `gone` where it did."""
    moved = replace(task, cancel_asked=True)
    return Step(replace(moved, stage=Stage.OVER)) if gone else Step(moved, rules.schedule.longest)


def fetched(task: Task, generated: VideoGenerated, rules: Rules) -> Step:
    """The clip is there and was looked at. Where the hold's fate was told before, it is told all the same."""
    stage = Stage.KEPT if generated.kept_by_provider and not task.late else Stage.OVER
    moved = replace(task, stage=stage, troubles=0, outcome=task.outcome or Outcome.GENERATED)
    return Step(moved, rules.kept, (generated,))


def fetch_failed(task: Task, error: OctaviaError, *, counts: bool) -> Step:
    """The clip could not be brought home. `counts` where that is the provider's doing and not our store's."""
    times = task.troubles + 1
    if not error.transient or (counts and times >= MOST_FETCHES):
        usable = error if isinstance(error, NoVideoError) else NoVideoError("it cannot be fetched or opened.")
        return failed(task, usable)
    return Step(replace(task, troubles=times), after_trouble(times))


def failed(task: Task, error: OctaviaError, *, watched: bool = False, wait: float | None = None) -> Step:
    """It is given up and its hold released, unless its fate was told before. `watched`: it may still come."""
    stage = task.stage if watched else Stage.OVER
    if task.late:
        return Step(replace(task, stage=stage), wait or 0.0)
    moved = replace(task, stage=stage, outcome=Outcome.FAILED, released_at=task.now)
    return Step(moved, wait or 0.0, (JobFailed(job=task.job, error=job_error(error)),))


def ended(task: Task) -> Step:
    """Somebody else told the hold's fate: its owner, or the gateway."""
    if task.late:
        return Step(task)
    stage = Stage.OVER if task.stage is Stage.QUEUED else task.stage
    return Step(replace(task, stage=stage, outcome=Outcome.ENDED, released_at=task.now))


def _wait(task: Task, rules: Rules) -> float:
    if task.late:
        return rules.schedule.after_release(task.released_for)
    return min(rules.schedule.after(task.age), task.seconds_left)


def _unless_too_late(task: Task, wait: float, rules: Rules) -> Step:
    """Go on watching a released video, but not for ever."""
    if task.late and task.released_for >= rules.late:
        return Step(replace(task, stage=Stage.OVER))
    return Step(task, wait)


def _shown(task: Task, now: Shown, wait: float) -> Step:
    """Tell the owner where there is anything new; nothing, where the end was told."""
    shown = task.shown.advanced_to(now)
    if task.late or shown == task.shown:
        return Step(replace(task, shown=shown), wait)
    told = VideoProgressed(job=task.job, state=shown.state, percent=shown.percent)
    return Step(replace(task, shown=shown), wait, (told,))
