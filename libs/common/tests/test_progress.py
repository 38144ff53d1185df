"""Health that sees a consumer which no longer moves."""

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from octavia_common.messaging.progress import ConsumerProgress


class Assigned:
    """A consumer with one partition whose newest offset is known."""

    def __init__(self, high: int | None) -> None:
        self._high = high

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", 0)}

    def highwater(self, _: TopicPartition) -> int | None:
        return self._high


def progress(*, high: int | None, idle_for: float = 0.0) -> ConsumerProgress:
    made = ConsumerProgress("translator", busy_limit_seconds=60)
    made.subscriber = cast(Any, SimpleNamespace(consumer=Assigned(high)))
    made.began()
    made.ended([("t", 0, 9)])
    made.last_end = time.monotonic() - idle_for
    return made


def test_an_idle_consumer_without_work_is_well() -> None:
    assert progress(high=10, idle_for=3600).trouble() is None


def test_a_consumer_that_leaves_events_waiting_is_stuck() -> None:
    assert "3 events wait" in (progress(high=13, idle_for=3600).trouble() or "")


def test_a_moment_of_rest_is_no_trouble() -> None:
    assert progress(high=13, idle_for=5).trouble() is None


def test_work_without_end_is_stuck() -> None:
    made = progress(high=10)
    made.busy_since = time.monotonic() - 61
    assert "longer than 60 s" in (made.trouble() or "")


def test_a_consumer_that_stopped_is_stuck_and_says_why() -> None:
    made = progress(high=10)
    made.stop("too much poison")
    assert made.trouble() == "translator: stopped, too much poison"


async def test_a_consumer_that_waits_for_long_is_unready_until_it_goes_on() -> None:
    made = progress(high=10)
    made.waits("the store is away")
    await made.check()
    made.waiting_since -= 60
    made.waits("the store is still away")
    with pytest.raises(ConnectionError, match="60 s: the store is still away"):
        await made.check()
    assert made.trouble() is None, "a restart would not help"
    made.goes_on()
    await made.check()
