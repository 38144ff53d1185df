"""The assembler as a process on real Kafka, PostgreSQL and S3: from a plan to a finished job."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_assembler.main import make_renderer, serve
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.rendering.timed import TimedRenderer
from octavia_assembler.settings import AssemblerSettings
from octavia_common.artifacts import ArtifactStore, open_store
from octavia_common.commands.topics import apply_topics
from octavia_common.documents import ChunkPlan, DubResult, Speech, SpokenSegment
from octavia_common.errors import EngineUnavailableError
from octavia_common.events import CreditsCaptured, EventData, JobAssembled
from octavia_common.messaging.codec import decode, encode
from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.topics import JOBS_OUTCOME, topic_of


@pytest.fixture
async def settings(addresses: Any, database_url: str, topic_prefix: str, bucket: str) -> AssemblerSettings:
    settings = AssemblerSettings(
        kafka_bootstrap_servers=addresses.kafka_bootstrap_servers,
        kafka_prefix=topic_prefix,
        kafka_session_timeout_seconds=6,
        database_url=database_url,
        s3_endpoint=addresses.s3_endpoint,
        s3_access_key=addresses.s3_access_key,
        s3_secret_key=addresses.s3_secret_key,
        s3_bucket=bucket,
        shutdown_grace_seconds=2,
        assembler_renderer="timed",
    )
    await apply_topics(settings)
    folder = migrations_of_installed_services()["assembler"]
    await asyncio.to_thread(migrate, database_url, "assembler", folder)
    return settings


@pytest.fixture
async def store(settings: AssemblerSettings) -> AsyncIterator[ArtifactStore]:
    store = open_store(settings)
    yield store
    await store.close()


@pytest.fixture
async def send(settings: AssemblerSettings) -> AsyncIterator[Callable[..., Any]]:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()

    async def send(event: EventData) -> None:
        topic = f"{settings.kafka_prefix}{topic_of(type(event)).name}"
        await producer.send_and_wait(topic, encode(event, service="test"), key=event.key().encode())

    yield send
    await producer.stop()


@pytest.mark.integration
async def test_a_job_of_two_languages_is_finished_once_whatever_comes_twice(
    settings: AssemblerSettings, store: ArtifactStore, send: Callable[..., Any], run_of: Callable[..., Any]
) -> None:
    run = run_of(languages=("es", "fr"), chunks=2)
    events = await with_real_artifacts(store, run)
    service = asyncio.create_task(serve(settings))
    for event in [*reversed(events), *events]:
        await send(event)
    finished = await read_outcome(settings)
    assert isinstance(finished, JobAssembled)
    assert finished.job.hold_id == run.hold_id
    assert [output.target_language for output in finished.outputs] == ["es", "fr"]
    result = await store.read_document(finished.outputs[1].result, DubResult)
    assert [segment.id for segment in result.segments] == ["fr0", "fr1"]
    assert await store.read(result.media)
    await send(CreditsCaptured(job=run.job, amount=20))
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)


async def with_real_artifacts(store: ArtifactStore, run: Any) -> list[EventData]:
    """The run's events, with references to objects that exist."""
    await store.ensure_bucket()
    prefix = f"users/{run.user_id}"
    source = await store.write(f"{prefix}/source", b"a video", "video/mp4")
    plan = await store.write_document(f"{prefix}/plan", ChunkPlan(duration_seconds=60, chunks=()))
    spec = run.spec.model_copy(update={"source": source})
    events: list[EventData] = [run.planned().model_copy(update={"spec": spec, "plan": plan})]
    for event in run.all_spoken():
        name = f"{event.target_language}{event.chunk.index}"
        sound = await store.write(f"{prefix}/{name}.flac", name.encode(), "audio/flac")
        line = SpokenSegment(
            id=name, speaker="S1", start=event.chunk.start, end=event.chunk.start + 2,
            slot_end=event.chunk.end, source_text="x", text="y", audio=sound, duration=1.5, rate=1.0,
        )  # fmt: skip
        speech = Speech(
            source_language="en",
            target_language=event.target_language,
            chunk=event.chunk,
            segments=(line,),
        )
        ref = await store.write_document(f"{prefix}/{name}", speech)
        events.append(event.model_copy(update={"speech": ref}))
    return events


async def read_outcome(settings: AssemblerSettings) -> Any:
    """The one event of the outcome topic; fails where a second follows."""
    consumer = AIOKafkaConsumer(
        f"{settings.kafka_prefix}{JOBS_OUTCOME.name}",
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        first = await asyncio.wait_for(consumer.getone(), 60)
        more = await consumer.getmany(timeout_ms=1500)
        assert not more
        return decode(first.value).data
    finally:
        await consumer.stop()


def test_the_renderer_is_chosen_by_setting() -> None:
    assert isinstance(make_renderer(AssemblerSettings(assembler_renderer="timed")), TimedRenderer)
    renderer = make_renderer(AssemblerSettings(assembler_duck_db=18))
    assert isinstance(renderer, DubRenderer)
    assert renderer.params["depth_db"] == 18


async def test_a_missing_program_stops_the_start_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineUnavailableError, match="ffmpeg"):
        await make_renderer(AssemblerSettings()).start()
