"""A run of a video is a function of its events, whatever order they come in."""

import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from octavia_common.events import (
    AspectRatio,
    EventData,
    JobRef,
    ReleaseReason,
    RequestedVideo,
    VideoSpec,
    hold_id_of,
)
from octavia_gateway.videos.run import VideoRun, apply
from octavia_gateway.videos.states import VideoStatus

from .filming import Making

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def made() -> Making:
    video_id = uuid4()
    job = JobRef(job_id=video_id, user_id=uuid4(), hold_id=hold_id_of(video_id, 1), deadline_at=NOW)
    spec = VideoSpec(prompt="x", aspect_ratio=AspectRatio.SQUARE, duration_seconds=5, model="fast")
    return Making(RequestedVideo(job=job, spec=spec, credits=100))


def after(events: list[EventData]) -> VideoRun:
    run, shown = VideoRun(), 0
    for place, event in enumerate(events):
        run = apply(run, event, NOW + timedelta(seconds=place))
        assert run.progress >= shown, "progress fell"
        shown = run.progress
    return run


def test_states_are_shown_as_the_provider_names_them(made: Making) -> None:
    seen = []
    run = VideoRun()
    for event in made.whole_run():
        run = apply(run, event, NOW)
        seen.append((run.status.value, run.progress))
    assert seen == [
        ("pending", 0),
        ("pending", 10),
        ("processing", 50),
        ("processing", 70),
        ("processing", 99),
        ("completed", 100),
    ]


@pytest.mark.parametrize("seed", range(50))
def test_any_order_and_doubles_end_alike(made: Making, seed: int) -> None:
    events = made.whole_run() * 2
    random.Random(seed).shuffle(events)
    run = after(events)
    assert (run.status, run.progress, run.charged) == (VideoStatus.COMPLETED, 100, 100)
    assert run.delivered is not None
    assert not run.late


@pytest.mark.parametrize("seed", range(50))
def test_a_clip_that_comes_with_a_release_is_late_in_any_order(made: Making, seed: int) -> None:
    events = [*made.whole_run()[:-1], made.released()]
    random.Random(seed).shuffle(events)
    run = after(events)
    assert run.status is VideoStatus.FAILED
    assert run.late
    assert run.delivered is None
    assert run.charged is None


def test_nothing_is_delivered_before_it_is_paid(made: Making) -> None:
    run = after([made.reserved(), made.generated()])
    assert run.delivered is None
    assert run.status is VideoStatus.PROCESSING


@pytest.mark.parametrize("first", [True, False])
def test_a_clip_that_its_provider_let_go_is_expired(made: Making, first: bool) -> None:
    events = [*([made.expired()] if first else []), *made.whole_run(), made.expired()]
    run = after(events)
    assert (run.status, run.progress) == (VideoStatus.EXPIRED, 100)
    assert run.delivered is None


def test_an_end_is_reached_once(made: Making) -> None:
    cancelled = after([made.reserved(), made.released(ReleaseReason.CANCELLED), made.released()])
    assert (cancelled.status, cancelled.error) == (VideoStatus.CANCELLED, None)
    failed = after([made.rejected(), made.released(ReleaseReason.CANCELLED), made.captured()])
    assert failed.status is VideoStatus.FAILED
    assert failed.charged is None
    done = after([*made.whole_run(), made.released()])
    assert done.status is VideoStatus.COMPLETED
