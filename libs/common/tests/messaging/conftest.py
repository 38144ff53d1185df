"""A platform without services: the topics, an empty schema, and eyes and hands on Kafka."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_common.commands.topics import apply_topics
from octavia_common.events import ChunkRef, ChunkReleased, CloudEvent, EventData, JobRef, hold_id_of
from octavia_common.events.base import ArtifactRef
from octavia_common.messaging.codec import decode, encode
from octavia_common.migrations import migrate
from octavia_common.settings import ServiceSettings
from octavia_common.topics import Topic, topic_of


class Kafka:
    """Publishes and reads on the test's own topics."""

    def __init__(self, settings: ServiceSettings, producer: AIOKafkaProducer) -> None:
        self.settings = settings
        self._producer = producer

    async def send(self, *events: EventData, times: int = 1) -> None:
        for event in events:
            for _ in range(times):
                name = f"{self.settings.kafka_prefix}{topic_of(type(event)).name}"
                await self._producer.send_and_wait(
                    name, encode(event, service="test"), key=event.key().encode()
                )

    async def send_raw(
        self, topic: Topic, body: bytes, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        """All to one partition, in their order."""
        await self._producer.send_and_wait(
            f"{self.settings.kafka_prefix}{topic.name}", body, key=b"same", headers=headers or []
        )

    async def read(self, topic: Topic, *, count: int, timeout: float = 30) -> list[Any]:
        """The first `count` events of a topic, waiting for them."""
        records = await self.read_raw(topic, count=count, timeout=timeout)
        return [decode(record.value) for record in records]

    async def read_raw(self, topic: Topic, *, count: int, timeout: float = 30) -> list[Any]:
        consumer = AIOKafkaConsumer(
            f"{self.settings.kafka_prefix}{topic.name}",
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            async with asyncio.timeout(timeout):
                return [await consumer.getone() for _ in range(count)]
        finally:
            await consumer.stop()

    async def count(self, topic: Topic) -> int:
        """How many records the topic has now."""
        consumer = AIOKafkaConsumer(
            f"{self.settings.kafka_prefix}{topic.name}",
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            while not consumer.assignment():
                await asyncio.sleep(0.05)
            return sum((await consumer.end_offsets(consumer.assignment())).values())
        finally:
            await consumer.stop()


@pytest.fixture
async def settings(addresses: Any, database_url: str, topic_prefix: str, bucket: str) -> ServiceSettings:
    settings = ServiceSettings(
        kafka_bootstrap_servers=addresses.kafka_bootstrap_servers,
        kafka_prefix=topic_prefix,
        kafka_session_timeout_seconds=6,
        kafka_most_partitions=4,
        database_url=database_url,
        s3_endpoint=addresses.s3_endpoint,
        s3_access_key=addresses.s3_access_key,
        s3_secret_key=addresses.s3_secret_key,
        s3_bucket=bucket,
        retry_attempts=3,
        retry_first_delay_seconds=0.1,
        shutdown_grace_seconds=2,
    )
    await apply_topics(settings)
    await asyncio.to_thread(migrate, database_url, "testing")
    return settings


@pytest.fixture
async def kafka(settings: ServiceSettings) -> AsyncIterator[Kafka]:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    yield Kafka(settings, producer)
    await producer.stop()


@pytest.fixture
def new_job() -> Callable[[], JobRef]:
    def make() -> JobRef:
        job_id = uuid4()
        return JobRef(
            job_id=job_id,
            user_id=uuid4(),
            hold_id=hold_id_of(job_id, 1),
            deadline_at=datetime.now(UTC) + timedelta(hours=1),
        )

    return make


def a_chunk(job: JobRef, index: int = 0) -> ChunkReleased:
    return ChunkReleased(
        job=job,
        chunk=ChunkRef(index=index, total=index + 1, start=0, end=1, next_speech_start=1),
        audio=ArtifactRef(key="k", sha256="0" * 64, size_bytes=0, media_type="audio/wav"),
        source_language="en",
        target_languages=("es",),
    )


def seen_ids(events: list[CloudEvent[Any]]) -> set[UUID]:
    return {event.id for event in events}
