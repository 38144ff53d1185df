"""The whole service on real Kafka, PostgreSQL and S3: a reserved job comes out as transcripts."""

import asyncio
from collections import Counter
from typing import Any

import numpy as np
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_common import topics
from octavia_common.artifacts.keys import upload_key
from octavia_common.artifacts.s3 import open_store
from octavia_common.commands.topics import apply_topics
from octavia_common.documents import Speech, SpokenSegment, Transcript
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkSpoken,
    ChunkSynthesized,
    CreditsReserved,
    EventData,
    JobKind,
    JobSpec,
)
from octavia_common.media import ffmpeg
from octavia_common.messaging.codec import decode, encode
from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.topics import Topic, topic_of
from octavia_transcriber.main import serve
from octavia_transcriber.planning.features import SAMPLE_RATE
from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.wav import to_wav

pytestmark = pytest.mark.integration

CHUNKS = 5
REF = ArtifactRef(key="users/x/speech", sha256="0" * 64, size_bytes=1, media_type="application/json")


@pytest.fixture
async def settings(addresses, database_url, topic_prefix, bucket) -> TranscriberSettings:
    settings = TranscriberSettings(
        kafka_bootstrap_servers=addresses.kafka_bootstrap_servers,
        kafka_prefix=topic_prefix,
        database_url=database_url,
        s3_endpoint=addresses.s3_endpoint,
        s3_access_key=addresses.s3_access_key,
        s3_secret_key=addresses.s3_secret_key,
        s3_bucket=bucket,
        shutdown_grace_seconds=2,
        transcriber_engine="timed",
        transcriber_splitter="timed",
        timed_chunks=CHUNKS,
        chunk_window=4,  # two chunks in two languages
    )
    await apply_topics(settings)
    folder = migrations_of_installed_services()["transcriber"]
    await asyncio.to_thread(migrate, database_url, "transcriber", folder)
    return settings


@pytest.fixture
async def running(settings):
    service = asyncio.create_task(serve(settings))
    yield service
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)


@pytest.fixture
async def publish(settings):
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()

    async def send(*events: EventData) -> None:
        for event in events:
            name = f"{settings.kafka_prefix}{topic_of(type(event)).name}"
            await producer.send_and_wait(name, encode(event, service="test"), key=event.key().encode())

    yield send
    await producer.stop()


@pytest.fixture
async def reader(settings):
    consumers = []

    async def read(topic: Topic) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            f"{settings.kafka_prefix}{topic.name}",
            bootstrap_servers=settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        consumers.append(consumer)
        return consumer

    yield read
    for consumer in consumers:
        await consumer.stop()


async def test_it_tells_at_its_start_what_its_engine_can_do(settings, running, reader):
    told = await reader(topics.ENGINES_PUBLISHED)
    async with asyncio.timeout(60):
        event = decode((message := await told.getone()).value).data
    assert (event.kind, event.engine, event.languages) == ("transcriber", "timed", None)
    assert event.published_at is not None
    assert message.key == b"transcriber"  # compaction keeps the latest of each kind


async def test_a_job_goes_through_the_window_and_out_in_every_language(
    settings, running, publish, reader, job
):
    store = open_store(settings)
    await store.ensure_bucket()
    source = await store.write(upload_key(job.user_id, job.job_id), b"any bytes", "video/mp4")
    spec = JobSpec(
        kind=JobKind.VIDEO_TRANSLATE,
        source=source,
        source_filename="talk.mp4",
        duration_seconds=150,
        source_language="en",
        target_languages=("es", "fr"),
    )
    reserved = CreditsReserved(job=job, spec=spec, amount=20)
    await publish(reserved, reserved)

    transcribed = await reader(topics.CHUNKS_TRANSCRIBED)
    seen: Counter[tuple[int, str]] = Counter()
    waiting: list[Any] = []
    async with asyncio.timeout(60):
        while len(seen) < CHUNKS * 2:
            event = decode((await transcribed.getone()).value).data
            unit = (event.chunk.index, event.target_language)
            seen[unit] += 1
            if seen[unit] == 1:
                waiting.append(event)
            if len(waiting) == 4:  # the window is full: nothing more comes before these are spoken
                spoken = [
                    ChunkSynthesized(
                        job=one.job,
                        chunk=one.chunk,
                        source_language="en",
                        target_language=one.target_language,
                        speech=REF,
                    )
                    for one in waiting
                ]
                waiting = []
                await publish(*spoken, *spoken)
    assert set(seen) == {(index, language) for index in range(CHUNKS) for language in ("es", "fr")}
    transcript = await store.read_document(event.transcript, Transcript)
    assert transcript.segments
    await store.close()


async def test_spoken_lines_are_heard_again_and_judged_once(settings, publish, reader, job, talk):
    """A good line and one of noise go to and fro until the checker has the last word."""
    service = asyncio.create_task(serve(settings.model_copy(update={"transcriber_engine": "pocketsphinx"})))
    store = open_store(settings)
    await store.ensure_bucket()
    texts = ("Good morning, and welcome to the show.", "We were at the station before eight.")
    start, end = (round(moment * SAMPLE_RATE) for moment in talk.spoken[0])
    sounds = [to_wav(talk.pcm[start:end].tobytes())]
    sounds.append(to_wav(np.random.default_rng(1).integers(-3000, 3000, 32_000, np.int16).tobytes()))
    chunk = ChunkRef(index=0, total=1, start=0.0, end=30.0, next_speech_start=30.0)
    lines = []
    for number, (text, wav) in enumerate(zip(texts, sounds, strict=True)):
        flac = (await ffmpeg("-i", "pipe:0", "-f", "flac", "pipe:1", stdin=wav)).stdout
        lines.append(
            SpokenSegment(
                id=f"0000-{number:02}",
                speaker="S1",
                start=5.0 * number,
                end=5.0 * number + 3,
                slot_end=5.0 * number + 4,
                source_text="x",
                text=text,
                audio=await store.write(f"users/{job.user_id}/artifacts/line/{number}", flac, "audio/flac"),
                duration=2.0,
                rate=1.0,
            )
        )
    speech = Speech(source_language="es", target_language="en", chunk=chunk, segments=tuple(lines))
    spoken = ChunkSpoken(
        job=job,
        chunk=chunk,
        source_language="es",
        target_language="en",
        translation=REF,
        speech=await store.write_document(f"users/{job.user_id}/artifacts/speech/1", speech),
    )
    try:
        back, through = await reader(topics.CHUNKS_TRANSLATED), await reader(topics.CHUNKS_SYNTHESIZED)
        await publish(spoken, spoken)
        async with asyncio.timeout(90):
            asked = [decode((await back.getone()).value) for _ in range(2)]
        assert asked[0].id == asked[1].id
        assert asked[0].data == asked[1].data
        again = asked[0].data
        assert again.retakes == {"0000-01": 1}
        # The synthesizer has no other way to say it: it stays as it is.
        unchanged = spoken.model_copy(
            update={"speech": again.spoken, "best": again.spoken, "retakes": again.retakes}
        )
        await publish(unchanged)
        async with asyncio.timeout(90):
            event = decode((await through.getone()).value).data
        told = (await store.read_document(event.speech, Speech)).segments
        assert [line.flags for line in told] == [(), ("misheard",)]
        assert told[0].heard_error <= 0.4 < told[1].heard_error
    finally:
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)
        await store.close()
