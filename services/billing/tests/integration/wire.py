"""The rest of the platform as billing meets it: topics to say things on and to hear things from."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_common.events import EventData
from octavia_common.messaging.codec import decode, encode
from octavia_common.topics import (
    CREDITS_LEDGER,
    CREDITS_PRICES,
    CREDITS_RESERVED,
    CREDITS_RESOLVED,
    VIDEOS_RESERVED,
    topic_of,
)

TOLD = (CREDITS_LEDGER, CREDITS_PRICES, CREDITS_RESERVED, CREDITS_RESOLVED, VIDEOS_RESERVED)


class Wire:
    """The rest of the platform: says things, and hears what billing says."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._prefix = environment["KAFKA_PREFIX"]
        servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
        self._producer = AIOKafkaProducer(bootstrap_servers=servers)
        names = [f"{self._prefix}{topic.name}" for topic in TOLD]
        self._consumer = AIOKafkaConsumer(*names, bootstrap_servers=servers, auto_offset_reset="earliest")
        self.heard: dict[UUID, EventData] = {}

    async def __aenter__(self) -> "Wire":
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._producer.stop()

    async def say(self, *events: EventData) -> None:
        for event in events:
            for _ in range(2):
                topic = f"{self._prefix}{topic_of(type(event)).name}"
                await self._producer.send(topic, encode(event, service="test"), key=event.key().encode())
        await self._producer.flush()

    async def hear(self, enough: Callable[[], bool]) -> None:
        """Listen until `enough` has come."""
        async with asyncio.timeout(80):
            while not enough():
                for records in (await self._consumer.getmany(timeout_ms=300)).values():
                    events: list[Any] = [decode(record.value) for record in records]
                    self.heard.update((event.id, event.data) for event in events)

    def of(self, *kinds: type[EventData]) -> list[Any]:
        return [event for event in self.heard.values() if isinstance(event, kinds)]


@asynccontextmanager
async def replica(environment: dict[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`octavia-billing` as a process, ready; whatever it does, it ends with the test."""
    program = Path(sys.executable).with_name("octavia-billing")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        async with asyncio.timeout(60):
            while '"event": "ready"' not in log.read_text():  # noqa: ASYNC240 - a small file
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
