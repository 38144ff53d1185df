"""Videos, a service as a process of its own, and the rest of the platform as the service meets it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_common import testing
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
from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.topics import JOBS_OUTCOME, VIDEOS_MODELS, VIDEOS_PROGRESS
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


class Wire(testing.Wire):
    """The rest of the platform: says things, and hears what videogen says."""

    def __init__(self, settings: VideogenSettings) -> None:
        told = (JOBS_OUTCOME, VIDEOS_PROGRESS, VIDEOS_MODELS)
        super().__init__(settings.kafka_bootstrap_servers, settings.kafka_prefix, told)

    def about(self, video: Video, *kinds: type[EventData]) -> list[Any]:
        return self.of(*kinds, subject=str(video.job_id))


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
    environment = {**_environment(settings), **more}
    async with testing.replica("videogen", environment, folder / f"{uuid4().hex}.log") as process:
        yield process


def _environment(settings: VideogenSettings) -> dict[str, str]:
    values = settings.model_dump(exclude_unset=True)
    shown = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in values.items()
    }
    return {name.upper(): value for name, value in shown.items()}
