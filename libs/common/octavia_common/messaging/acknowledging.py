"""Acknowledging in the background: what has had its effect is told to Kafka, but nobody waits for it.

A record that comes again changes nothing (the artifact is made, the event is in the inbox), so it may
be told a moment late. An idle consumer tells at once; a busy one tells of many records together.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalOperation, IllegalStateError, KafkaError

from octavia_common.messaging.incoming import Incoming

log = structlog.get_logger(__name__)

EVERY_SECONDS = 0.5
"""Least time between two requests of one consumer: what a killed one has worked on since comes again."""

CLOSE_SECONDS = 5.0
"""How long the last request may take when the process ends."""


class Commits(Protocol):
    """The part of aiokafka's consumer that is needed here."""

    def assignment(self) -> Any: ...

    async def commit(self, offsets: dict[TopicPartition, int]) -> None: ...


class Acknowledger:
    """Acknowledges the records of one consumer, by their own partitions and offsets only.

    aiokafka's `commit()` without offsets would take along whatever was handed out since, worked on
    or not, and a line for every partition that is assigned.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._done: dict[TopicPartition, int] = {}
        self._consumer: Commits | None = None
        self._task: asyncio.Task[None] | None = None

    def done(self, consumer: Commits, records: Sequence[Incoming]) -> None:
        """The effect of these records, in their order, stands."""
        self._consumer = consumer
        for record in records:
            self._done[TopicPartition(record.topic, record.partition)] = record.offset + 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"acknowledge {self._name}")

    async def flush(self) -> None:
        """Acknowledge what is waiting, now."""
        if self._consumer is None:
            return
        offsets, self._done = self._done, {}
        # What went to another worker in a rebalance comes again there, which is harmless.
        assigned = self._consumer.assignment()
        offsets = {partition: offset for partition, offset in offsets.items() if partition in assigned}
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError, IllegalOperation) as error:
            log.info("not acknowledged after a rebalance", consumer=self._name, error=repr(error))
        except KafkaError as error:
            log.warning("not acknowledged", consumer=self._name, error=repr(error))

    async def close(self) -> None:
        """Acknowledge what is waiting, if Kafka answers, and stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), CLOSE_SECONDS)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._done:
            await self.flush()
            await asyncio.sleep(EVERY_SECONDS)
