"""`octavia job trace` on a real Kafka: a job is found among others."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from octavia_common import topics
from octavia_common.commands.job import read_job
from octavia_common.events import (
    ArtifactRef,
    ChunkReleased,
    ChunkTranscribed,
    CloudEvent,
    CreditsCaptured,
    EventData,
    JobKind,
    JobRef,
    JobSpec,
    JobSubmitted,
    Quote,
)
from octavia_common.messaging.handlers import Work
from octavia_common.service import ServiceRuntime
from octavia_common.settings import ServiceSettings
from octavia_common.timeline import timeline_of

from .conftest import Kafka, a_chunk

pytestmark = pytest.mark.integration


class Recognise:
    """Answers each chunk with a transcript."""

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        chunk: ChunkReleased = event.data
        return [
            ChunkTranscribed(
                job=chunk.job,
                chunk=chunk.chunk,
                source_language="en",
                target_language="es",
                transcript=chunk.audio,
            )
        ]


def submitted(job: JobRef) -> JobSubmitted:
    source = ArtifactRef(key="k", sha256="0" * 64, size_bytes=0, media_type="video/mp4")
    spec = JobSpec(
        kind=JobKind.VIDEO_TRANSLATE,
        source=source,
        source_filename="talk.mp4",
        duration_seconds=60,
        source_language="en",
        target_languages=("es",),
    )
    return JobSubmitted(job=job, spec=spec, quote=Quote(credits=10, price_version="1"))


async def test_a_job_is_found_among_others(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    jobs = [new_job() for _ in range(6)]
    await kafka.send(*(submitted(job) for job in jobs))
    runtime = ServiceRuntime("transcriber", settings)
    runtime.add_stage(topics.CHUNKS_RELEASED, ChunkReleased, Recognise(), name="transcriber.recogniser")
    async with runtime:
        await kafka.send(*(a_chunk(job, index) for index in range(3) for job in jobs))
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=3 * len(jobs))
    await kafka.send(*(CreditsCaptured(job=job, amount=10) for job in jobs[::2]))
    for job in jobs[:2]:  # one that is over, and one that goes on
        timeline = timeline_of(await read_job(settings, job.job_id))
        assert timeline.hold_id == job.hold_id
        assert [(step.stage, step.chunk) for step in timeline.steps if step.ended] == [
            ("recognised", index) for index in range(3)
        ]
        assert all(
            step.worker and step.ready <= step.began <= step.ended for step in timeline.steps if step.began
        )
        assert (timeline.end is not None) == (job is jobs[0])


async def test_a_job_that_nobody_knows_has_no_events(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    assert await read_job(settings, new_job().job_id) == []
