"""Videos, a service as a process of its own, and the rest of the platform as the service meets it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_common.artifacts import ArtifactStore, open_store
from octavia_common.commands.topics import apply_topics
from octavia_common.database import Database
from octavia_common.events import (
    ArtifactRef,
    AspectRatio,
    EventData,
    JobCancelled,
    JobRef,
    VideoCallbackReceived,
    VideoReserved,
    VideoSpec,
    hold_id_of,
)
from octavia_common.messaging.codec import decode, encode
from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.topics import JOBS_OUTCOME, VIDEOS_MODELS, VIDEOS_PROGRESS, topic_of
from octavia_videogen.settings import VideogenSettings


@dataclass
class Video:
    """One video and the events that are about it."""

    prompt: str = "A red fox runs through fresh snow"
    seconds: int = 5
    ratio: AspectRatio = AspectRatio.LANDSCAPE
    model: str = "local-placeholder"
    image: ArtifactRef | None = None
    job_id: UUID = field(default_factory=uuid4)
    user_id: UUID = field(default_factory=uuid4)
    deadline: timedelta = timedelta(hours=2)

    @property
    def hold_id(self) -> UUID:
        return hold_id_of(self.job_id, 1)

    @property
    def job(self) -> JobRef:
        return JobRef(
            job_id=self.job_id,
            user_id=self.user_id,
            hold_id=self.hold_id,
            deadline_at=datetime.now(UTC) + self.deadline,
        )

    @property
    def spec(self) -> VideoSpec:
        return VideoSpec(
            prompt=self.prompt,
            aspect_ratio=self.ratio,
            duration_seconds=self.seconds,
            model=self.model,
            image=self.image,
        )

    def reserved(self) -> VideoReserved:
        return VideoReserved(job=self.job, spec=self.spec, amount=100)

    def cancelled(self) -> JobCancelled:
        return JobCancelled(job=self.job)

    def called_back(self, task: str | None, state: str = "success") -> VideoCallbackReceived:
        return VideoCallbackReceived(hold_id=self.hold_id, task_id=task, state=state)


@pytest.fixture
async def settings(addresses: Any, database_url: str, topic_prefix: str, bucket: str) -> VideogenSettings:
    settings = VideogenSettings(
        kafka_bootstrap_servers=addresses.kafka_bootstrap_servers,
        kafka_prefix=topic_prefix,
        kafka_session_timeout_seconds=6,
        database_url=database_url,
        s3_endpoint=addresses.s3_endpoint,
        s3_access_key=addresses.s3_access_key,
        s3_secret_key=addresses.s3_secret_key,
        s3_bucket=bucket,
        shutdown_grace_seconds=2,
    )
    await apply_topics(settings)
    await asyncio.to_thread(migrate, database_url, "videogen", migrations_of_installed_services()["videogen"])
    return settings


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The service's tables alone."""
    await asyncio.to_thread(migrate, database_url, "videogen", migrations_of_installed_services()["videogen"])
    database = Database(database_url, schema="videogen", pool_size=10)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def store(settings: VideogenSettings) -> AsyncIterator[ArtifactStore]:
    store = open_store(settings)
    await store.ensure_bucket()
    yield store
    await store.close()


class Wire:
    """The rest of the platform: says things, and hears what videogen says."""

    def __init__(self, settings: VideogenSettings) -> None:
        self._prefix = settings.kafka_prefix
        servers = settings.kafka_bootstrap_servers
        self._producer = AIOKafkaProducer(bootstrap_servers=servers)
        names = [f"{self._prefix}{topic.name}" for topic in (JOBS_OUTCOME, VIDEOS_PROGRESS, VIDEOS_MODELS)]
        self._consumer = AIOKafkaConsumer(*names, bootstrap_servers=servers, auto_offset_reset="earliest")
        self.heard: dict[UUID, EventData] = {}
        self.times: dict[UUID, int] = {}

    async def __aenter__(self) -> "Wire":
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._producer.stop()

    async def say(self, *events: EventData) -> None:
        for event in events:
            topic = f"{self._prefix}{topic_of(type(event)).name}"
            await self._producer.send(topic, encode(event, service="test"), key=event.key().encode())
        await self._producer.flush()

    async def hear(self, enough: Callable[[], object], seconds: float = 60) -> None:
        """Listen until `enough` has come."""
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

    def of(self, video: Video, *kinds: type[EventData]) -> list[Any]:
        return [
            event
            for event in self.heard.values()
            if isinstance(event, kinds) and event.subject() == str(video.job_id)
        ]


@pytest.fixture
async def wire(settings: VideogenSettings) -> AsyncIterator[Wire]:
    async with Wire(settings) as wire:
        yield wire


@pytest.fixture
def video_of() -> type[Video]:
    """Makes videos: `video_of(seconds=10)`."""
    return Video


@pytest.fixture
def replica_of(settings: VideogenSettings, tmp_path: Path) -> Callable[..., Any]:
    """Starts replicas: `async with replica_of(VIDEO_PROVIDER="kie") as process`."""
    return partial(replica, settings, tmp_path)


@asynccontextmanager
async def replica(
    settings: VideogenSettings, folder: Path, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`octavia-videogen` as a process, ready; whatever it does, it ends with the test."""
    log = folder / f"{uuid4().hex}.log"
    program = Path(sys.executable).with_name("octavia-videogen")
    environment = {**os.environ, **_environment(settings), **more}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(program, env=environment, stdout=output, stderr=output)
    try:
        async with asyncio.timeout(60):
            while '"event": "ready"' not in log.read_text():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _environment(settings: VideogenSettings) -> dict[str, str]:
    values = settings.model_dump(exclude_unset=True)
    shown = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in values.items()
    }
    return {name.upper(): value for name, value in shown.items()}
