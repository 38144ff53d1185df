"""The whole service with Coqui and a tiny voice, on real Kafka and S3: translated chunks become speech."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_common import topics
from octavia_common.artifacts.s3 import open_store
from octavia_common.commands.topics import apply_topics
from octavia_common.documents import SpeakerVoice, SpeakerVoices, Speech, TranslatedSegment, Translation
from octavia_common.events import ChunkRef, ChunkTranslated, EnginePublished, JobOptions, JobRef
from octavia_common.messaging.codec import decode, encode
from octavia_synthesizer.main import serve
from octavia_synthesizer.settings import SynthesizerSettings
from octavia_synthesizer.sound import lengths

from .conftest import clean_speech

pytestmark = pytest.mark.integration

TEXTS = ("Buenos días a todos los que han venido.", "Sí.", "Hoy hablamos de la historia de la ciudad.")
CHUNK = ChunkRef(index=0, total=1, start=0.0, end=24.0, next_speech_start=24.0)


@pytest.fixture
async def settings(addresses, topic_prefix, bucket, cloning) -> SynthesizerSettings:
    made = SynthesizerSettings(
        kafka_bootstrap_servers=addresses.kafka_bootstrap_servers,
        kafka_prefix=topic_prefix,
        s3_endpoint=addresses.s3_endpoint,
        s3_access_key=addresses.s3_access_key,
        s3_secret_key=addresses.s3_secret_key,
        s3_bucket=bucket,
        shutdown_grace_seconds=2,
        synthesizer_engine="coqui",
        coqui_models=str(cloning),
        coqui_device="cpu",
    )
    await apply_topics(made)
    return made


async def test_chunks_come_out_as_speech_in_the_speakers_own_voices(settings):
    store = open_store(settings)
    await store.ensure_bucket()
    job = JobRef(
        job_id=uuid4(), user_id=uuid4(), hold_id=uuid4(), deadline_at=datetime(2100, 1, 1, tzinfo=UTC)
    )
    own = clean_speech(150.0)
    audio = await store.write(f"users/{job.user_id}/artifacts/voices/s1", own.wav, "audio/wav")
    voices = await store.write_document(
        f"users/{job.user_id}/artifacts/voices/all",
        SpeakerVoices(voices=(SpeakerVoice(speaker="S1", audio=audio, seconds=3.0),)),
    )
    segments = tuple(
        TranslatedSegment(
            id=f"0-{n}",
            speaker=f"S{1 + n % 2}",
            start=8.0 * n,
            end=8.0 * n + 5,
            slot_end=8.0 * n + 7.9,
            source_text="something",
            text=text,
        )
        for n, text in enumerate(TEXTS)
    )
    translation = await store.write_document(
        f"users/{job.user_id}/artifacts/translation/0",
        Translation(source_language="en", target_language="es", chunk=CHUNK, segments=segments),
    )
    event = ChunkTranslated(
        job=job,
        chunk=CHUNK,
        options=JobOptions(clone_voice=True),
        voices=voices,
        source_language="en",
        target_language="es",
        translation=translation,
    )
    service = asyncio.create_task(serve(settings))
    heard = AIOKafkaConsumer(
        *(f"{settings.kafka_prefix}{t.name}" for t in (topics.ENGINES_PUBLISHED, topics.CHUNKS_SYNTHESIZED)),
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await heard.start()
    await producer.start()
    try:
        async with asyncio.timeout(100):
            told = decode((await _next(heard, service)).value).data
            assert isinstance(told, EnginePublished)
            assert (told.engine, told.model, told.licence) == ("coqui", "cloning", "CC0-1.0")
            assert told.clones_voices
            name = f"{settings.kafka_prefix}{topics.CHUNKS_TRANSLATED.name}"
            await producer.send_and_wait(name, encode(event, service="test"))
            made = decode((await _next(heard, service)).value).data
        speech = await store.read_document(made.speech, Speech)
        assert [line.text for line in speech.segments] == list(TEXTS)
        for line in speech.segments:
            assert "unspeakable" not in line.flags
            _, played = lengths(await store.read(line.audio))
            assert 0 < played / 48_000 <= line.slot_end - line.start
    finally:
        await heard.stop()
        await producer.stop()
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)
        await store.close()


async def _next(consumer, service):
    """The next message; raises what ended the service where that ends before."""
    getting = asyncio.create_task(consumer.getone())
    done, _ = await asyncio.wait((getting, service), return_when=asyncio.FIRST_COMPLETED)
    if service in done:
        getting.cancel()
        service.result()
        raise AssertionError("the service ended")
    return getting.result()
