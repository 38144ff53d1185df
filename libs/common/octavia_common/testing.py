"""What tests of services with topics share: the rest of the platform, and a replica as a process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from octavia_common.events import EventData
from octavia_common.messaging.codec import decode, encode
from octavia_common.topics import Topic, topic_of


class Wire:
    """The rest of the platform as a service meets it: says things, and hears what comes on `topics`.

    `heard` has each event once by its id, `times` how often it came.
    """

    def __init__(self, servers: str, prefix: str, topics: Sequence[Topic]) -> None:
        self._prefix = prefix
        self._producer = AIOKafkaProducer(bootstrap_servers=servers)
        names = [f"{prefix}{topic.name}" for topic in topics]
        self._consumer = AIOKafkaConsumer(*names, bootstrap_servers=servers, auto_offset_reset="earliest")
        self.heard: dict[UUID, EventData] = {}
        self.times: dict[UUID, int] = {}

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._producer.stop()

    async def say(self, *events: EventData, times: int = 1) -> None:
        """Publish events, each as often as `times` says."""
        for event in events:
            for _ in range(times):
                topic = f"{self._prefix}{topic_of(type(event)).name}"
                await self._producer.send(topic, encode(event, service="test"), key=event.key().encode())
        await self._producer.flush()

    async def hear(self, enough: Callable[[], object], seconds: float = 80) -> None:
        """Listen until `enough` has come. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            while not enough():
                for records in (await self._consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        event: Any = decode(record.value)
                        self.heard[event.id] = event.data
                        self.times[event.id] = self.times.get(event.id, 0) + 1

    async def hear_no_more(self, seconds: float = 1.5) -> None:
        """Listen for a while to whatever comes."""
        over = asyncio.get_running_loop().time() + seconds
        await self.hear(lambda: asyncio.get_running_loop().time() > over)

    def of(self, *kinds: type[EventData], subject: str | None = None) -> list[Any]:
        """The events of these kinds, about one subject where it is given."""
        return [
            event
            for event in self.heard.values()
            if isinstance(event, kinds) and subject in (None, event.subject())
        ]


@asynccontextmanager
async def replica(
    service: str, environment: Mapping[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`octavia-<service>` as a process, ready; whatever it does, it ends with the test."""
    program = Path(sys.executable).with_name(f"octavia-{service}")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        async with asyncio.timeout(60):
            while '"event": "ready"' not in log.read_text():  # noqa: ASYNC240 - a small file
                assert process.returncode is None, log.read_text()  # noqa: ASYNC240
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
