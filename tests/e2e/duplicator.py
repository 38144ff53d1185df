"""Delivers every event of the platform a second time."""

import asyncio
import time
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_common.topics import EVENT_TOPICS

_MARK = "test-repeated"


class Duplicator:
    """Follows all event topics from now on and sends each record once more, to the same partition."""

    def __init__(self, bootstrap_servers: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap_servers
        self._topics = [f"{prefix}{topic.name}" for topic in EVENT_TOPICS]
        self.repeated = 0
        self._last = time.monotonic()

    async def __aenter__(self) -> Self:
        self._consumer = AIOKafkaConsumer(
            *self._topics, bootstrap_servers=self._bootstrap, auto_offset_reset="latest"
        )
        self._producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap)
        await self._consumer.start()
        await self._producer.start()
        while len({partition.topic for partition in self._consumer.assignment()}) < len(self._topics):
            await asyncio.sleep(0.05)
        for partition in self._consumer.assignment():
            await self._consumer.position(partition)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()
        await self._producer.stop()

    async def _run(self) -> None:
        async for record in self._consumer:
            if any(key == _MARK for key, _ in record.headers):
                continue
            headers = [*record.headers, (_MARK, b"1")]
            await self._producer.send_and_wait(
                record.topic, record.value, key=record.key, partition=record.partition, headers=headers
            )
            self.repeated += 1
            self._last = time.monotonic()

    async def is_quiet(self) -> bool:
        """Whether nothing new has come for two seconds."""
        return time.monotonic() - self._last > 2
