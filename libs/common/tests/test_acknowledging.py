"""Acknowledging in the background: what is told to Kafka, and when."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from octavia_common.messaging import acknowledging
from octavia_common.messaging.acknowledging import Acknowledger
from octavia_common.messaging.headers import Delivery
from octavia_common.messaging.incoming import Incoming

ZERO, ONE = TopicPartition("t", 0), TopicPartition("t", 1)


class Consumer:
    """Remembers what was committed; `answer` holds commits back."""

    def __init__(self, *assigned: TopicPartition) -> None:
        self.assigned = set(assigned)
        self.commits: list[dict[TopicPartition, int]] = []
        self.error: Exception | None = None
        self.answer = asyncio.Event()
        self.answer.set()

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.commits.append(offsets)
        await self.answer.wait()
        if self.error is not None:
            raise self.error


def record(partition: int, offset: int) -> Incoming:
    return Incoming("t", partition, offset, None, b"", {}, Delivery(), 0.0)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledging, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(acknowledging, "CLOSE_SECONDS", 0.05)


async def until_committed(consumer: Consumer, count: int) -> None:
    async with asyncio.timeout(5):
        while len(consumer.commits) < count:
            await asyncio.sleep(0.001)


async def test_the_first_is_told_at_once_and_the_next_ones_together() -> None:
    consumer, acknowledger = Consumer(ZERO, ONE), Acknowledger("c")
    consumer.answer.clear()
    acknowledger.done(consumer, [record(0, 4)])
    await until_committed(consumer, 1)
    for offset in (5, 6, 7):
        acknowledger.done(consumer, [record(0, offset), record(1, offset)])
    consumer.answer.set()
    await until_committed(consumer, 2)
    assert consumer.commits == [{ZERO: 5}, {ZERO: 8, ONE: 8}]
    await acknowledger.close()
    assert len(consumer.commits) == 2


async def test_a_rest_does_not_keep_later_records_waiting() -> None:
    consumer, acknowledger = Consumer(ZERO), Acknowledger("c")
    for count in (1, 2, 3):
        acknowledger.done(consumer, [record(0, count)])
        await until_committed(consumer, count)
        await asyncio.sleep(0.03)
    assert consumer.commits == [{ZERO: 2}, {ZERO: 3}, {ZERO: 4}]


async def test_what_another_worker_has_now_is_not_told() -> None:
    consumer, acknowledger = Consumer(ONE), Acknowledger("c")
    acknowledger.done(consumer, [record(0, 1), record(1, 2)])
    await acknowledger.close()
    assert consumer.commits == [{ONE: 3}]


async def test_a_rebalance_in_between_is_no_error() -> None:
    consumer, acknowledger = Consumer(ZERO), Acknowledger("c")
    consumer.error = CommitFailedError("rebalanced")
    acknowledger.done(consumer, [record(0, 1)])
    await until_committed(consumer, 1)
    consumer.error = None
    acknowledger.done(consumer, [record(0, 2)])
    await until_committed(consumer, 2)
    assert consumer.commits[-1] == {ZERO: 3}
    await acknowledger.close()


async def test_closing_tells_what_waits_and_does_not_wait_for_a_kafka_that_is_away() -> None:
    consumer, acknowledger = Consumer(ZERO), Acknowledger("c")
    consumer.answer.clear()
    acknowledger.done(consumer, [record(0, 1)])
    await until_committed(consumer, 1)
    acknowledger.done(consumer, [record(0, 2)])
    async with asyncio.timeout(5):
        await acknowledger.close()
    assert consumer.commits == [{ZERO: 2}, {ZERO: 3}]


async def test_closing_what_never_began() -> None:
    await Acknowledger("c").close()
