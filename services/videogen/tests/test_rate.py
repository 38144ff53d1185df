"""The provider's limit, and when a video is looked at."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_videogen.domain.rate import Pace, RateLimit, free, take
from octavia_videogen.domain.schedule import (
    LATE_INTERVAL_SECONDS,
    NEAR_SECONDS,
    PollSchedule,
    after_trouble,
    waited_after,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
SCHEDULE = PollSchedule()


@given(st.lists(st.floats(0, 3), max_size=200), st.integers(1, 20))
def test_no_window_ever_holds_more_than_the_limit(pauses: list[float], most: int) -> None:
    limit = RateLimit(most, 10.0)
    now, uses, sent = START, (), []  # type: ignore[var-annotated]
    for pause in pauses:
        now += timedelta(seconds=pause)
        may, wait = free(limit, uses, now)
        taken = take(limit, uses, now)
        uses = taken.uses
        assert taken.granted == (may > 0)
        assert taken.granted == (wait == 0)
        if taken.granted:
            sent.append(now)
        else:
            assert taken.free_at > now
            assert take(limit, uses, taken.free_at).granted
        assert len(uses) <= most
    for first in sent:
        assert sum(first <= each < first + timedelta(seconds=10) for each in sent) <= most


def test_a_pace_is_kept_whatever_is_asked() -> None:
    pace, now, sent = Pace(100.0), 1000.0, 0
    for _ in range(1000):
        allowed, wait = pace.allowance(now)
        assert (allowed > 0) == (wait == 0.0)
        for _ in range(allowed):
            pace.sent()
            sent += 1
        now += 0.005
    assert 490 <= sent <= 526  # five seconds of it, and what had gathered before


def test_a_slow_pace_is_kept_too() -> None:
    pace = Pace(0.5)
    assert pace.allowance(10.0)[0] == 1
    pace.sent()
    allowed, wait = pace.allowance(10.0)
    assert allowed == 0
    assert wait == pytest.approx(2.0)


@pytest.mark.parametrize(("age", "wait"), [(0, 5), (59, 5), (120, 10), (600, 50), (3600, 60)])
def test_the_older_a_video_the_less_often_it_is_looked_at(age: float, wait: float) -> None:
    assert SCHEDULE.after(age) == pytest.approx(wait)


@given(st.floats(0, 10_000), st.floats(0.5, 100))
def test_foreseeing_the_end_only_brings_looks_forward(age: float, figure: float) -> None:
    wait = SCHEDULE.foreseen(age, figure)
    assert min(NEAR_SECONDS, SCHEDULE.first) <= wait <= SCHEDULE.after(age)


def test_the_end_is_foreseen_from_the_providers_progress() -> None:
    assert SCHEDULE.foreseen(30.0, 90.0) == pytest.approx(30 / 9 + 0.25)
    assert SCHEDULE.foreseen(30.0, 10.0) == 5.0


@given(st.floats(0, 100_000))
def test_a_released_video_is_looked_at_seldom(age: float) -> None:
    assert 60 <= SCHEDULE.after_release(age) <= LATE_INTERVAL_SECONDS


def test_trouble_is_waited_out_longer_and_longer_within_bounds() -> None:
    waits = [after_trouble(times) for times in range(1, 50)]
    assert waits == sorted(waits)
    assert waits[:3] == [1, 2, 4]
    assert waits[-1] == 60
    assert after_trouble(1, told=30) == 30
    assert after_trouble(1, told=9999) == 60
    assert waited_after(3) == 7
