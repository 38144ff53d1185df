"""The whole service as a process, with Whisper by path: a film in an unknown language becomes transcripts."""

import asyncio
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from octavia_common import topics
from octavia_common.artifacts.keys import upload_key
from octavia_common.artifacts.s3 import open_store
from octavia_common.commands.topics import apply_topics
from octavia_common.documents import ChunkPlan, Glossary, GlossaryTerm, Transcript
from octavia_common.events import (
    ChunkSynthesized,
    ChunkTranscribed,
    CreditsReserved,
    JobFailed,
    JobKind,
    JobOptions,
    JobRef,
    JobSpec,
    MediaPlanned,
    hold_id_of,
)
from octavia_common.migrations import migrate, migrations_of_installed_services
from octavia_common.settings import ServiceSettings
from octavia_common.testing import Wire, replica

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

RATE = 16_000
LANGUAGES = ("es", "fr")


@pytest.fixture
async def environment(addresses, database_url, topic_prefix, bucket, tiny_whisper, looping_whisper):
    found = {
        **addresses.environment(),
        "KAFKA_PREFIX": topic_prefix,
        "DATABASE_URL": database_url,
        "S3_BUCKET": bucket,
        "SHUTDOWN_GRACE_SECONDS": "2",
        "TRANSCRIBER_ENGINE": "faster-whisper",
        "WHISPER_MODEL": str(tiny_whisper),
        "WHISPER_MODEL_SIZES": f"small={tiny_whisper},loops={looping_whisper}",
        "WHISPER_THREADS": "1",
        "WHISPER_CHUNKS_AT_ONCE": "2",
        "CHUNK_SHORTEST_SECONDS": "4",
        "CHUNK_PARTS": "2",
        "CHUNK_WINDOW": "2",
    }
    await apply_topics(ServiceSettings.model_validate({key.lower(): value for key, value in found.items()}))
    folder = migrations_of_installed_services()["transcriber"]
    await asyncio.to_thread(migrate, database_url, "transcriber", folder)
    return found


@pytest.fixture
async def wire(environment):
    told = (topics.MEDIA_PLANNED, topics.CHUNKS_TRANSCRIBED, topics.JOBS_OUTCOME)
    async with Wire(environment["KAFKA_BOOTSTRAP_SERVERS"], environment["KAFKA_PREFIX"], told) as wire:
        yield wire


@pytest.fixture
async def store(environment):
    store = open_store(
        ServiceSettings.model_validate({key.lower(): value for key, value in environment.items()})
    )
    await store.ensure_bucket()
    yield store
    await store.close()


@pytest.fixture
def film(talk, tmp_path: Path) -> bytes:
    pcm, out = tmp_path / "talk.pcm", tmp_path / "talk.mp4"
    pcm.write_bytes(talk.tobytes())
    picture = ["-f", "lavfi", "-t", str(len(talk) / RATE), "-i", "color=c=navy:s=64x48:r=25"]
    sound = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", str(pcm)]
    command = ["ffmpeg", "-v", "error", *picture, *sound, "-c:a", "aac", "-c:v", "libx264", str(out)]
    subprocess.run(command, check=True)
    return out.read_bytes()


async def reserve(store, film: bytes, seconds: float, **changes) -> CreditsReserved:
    job_id, user_id = uuid4(), UUID(int=7)
    job = JobRef(
        job_id=job_id,
        user_id=user_id,
        hold_id=hold_id_of(job_id, 1),
        deadline_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    source = await store.write(upload_key(user_id, job_id), film, "video/mp4")
    spec = JobSpec(
        kind=JobKind.VIDEO_TRANSLATE,
        source=source,
        source_filename="talk.mp4",
        duration_seconds=seconds,
        source_language="auto",
        target_languages=LANGUAGES,
    )
    return CreditsReserved(job=job, spec=spec.model_copy(update=changes), amount=20)


async def test_a_film_becomes_transcripts_in_the_language_that_is_heard(
    environment, wire, store, film, talk, tmp_path
):
    terms = Glossary(terms=(GlossaryTerm(source="Octavia", keep=True),))
    options = JobOptions(glossary=await store.write_document("users/x/glossary", terms))
    reserved = await reserve(store, film, len(talk) / RATE, model_size="small", options=options)
    refused = await reserve(store, film, len(talk) / RATE, model_size="huge")
    looping = await reserve(
        store, film, len(talk) / RATE, model_size="loops", source_language="en", target_languages=("es",)
    )
    async with replica("transcriber", environment, tmp_path / "service.log"):
        await wire.say(reserved, times=2)
        subject = reserved.subject()

        def transcribed() -> list[ChunkTranscribed]:
            return wire.of(ChunkTranscribed, subject=subject)

        await wire.hear(lambda: len(transcribed()) >= len(LANGUAGES))
        (planned,) = wire.of(MediaPlanned, subject=subject)
        assert planned.spec.source_language == planned.detected.language == "pt"
        assert planned.detected.probability > 0.9
        assert planned.chunks > 1, "the window has to move"
        told: set[tuple[int, str]] = set()
        while len(told) < planned.chunks * len(LANGUAGES):
            await wire.hear(lambda: len(transcribed()) > len(told))
            for event in transcribed():
                if (event.chunk.index, event.target_language) not in told:
                    told.add((event.chunk.index, event.target_language))
                    await wire.say(spoken(event))

        plan = await store.read_document(planned.plan, ChunkPlan)
        regions = [region for chunk in plan.chunks for region in chunk.regions]
        for event in transcribed():
            assert (event.source_language, event.options) == ("pt", options)
            transcript = await store.read_document(event.transcript, Transcript)
            assert transcript.language == "pt"
            for segment in transcript.segments:
                assert segment.text
                assert segment.words
                assert any(r.start <= segment.start and segment.end <= r.end for r in regions)
        texts = [
            (await store.read_document(event.transcript, Transcript)).segments for event in transcribed()
        ]
        assert any(texts), "noise, but words"

        await wire.say(refused, looping)
        await wire.hear(lambda: wire.of(JobFailed) and wire.of(ChunkTranscribed, subject=looping.subject()))
        (failed,) = wire.of(JobFailed)
        assert (failed.job, failed.error.code) == (refused.job, "unknown_model_size")
        assert "small, loops" in failed.error.message
        (silent, *_) = wire.of(ChunkTranscribed, subject=looping.subject())
        assert (await store.read_document(silent.transcript, Transcript)).segments == ()


def spoken(event: ChunkTranscribed) -> ChunkSynthesized:
    return ChunkSynthesized(
        job=event.job,
        chunk=event.chunk,
        source_language=event.source_language,
        target_language=event.target_language,
        speech=event.transcript,
    )
