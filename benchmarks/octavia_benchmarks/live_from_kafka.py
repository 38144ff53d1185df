"""How late a job's owner hears of what was appended to Kafka: consumer, projection, database, hub and socket.

Every event moves the progress of one job of one user, who follows his jobs. The clock starts before the
producer is handed the event, so the append itself is part of the figure.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from octavia_common.database import Database
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkSynthesized,
    ChunkTranscribed,
    ChunkTranslated,
    JobKind,
    JobSpec,
)
from octavia_common.events.pipeline import ChunkLanguageEvent
from octavia_common.messaging.codec import encode
from octavia_common.topics import topic_of
from octavia_gateway.auth.tokens import AccessClaims
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.run import Run
from octavia_local.errors import LocalError
from octavia_local.own_servers import OwnServers

from octavia_benchmarks.live.accounts import add_accounts
from octavia_benchmarks.live.crowd import Crowd, Heard, allow_files, cpu_seconds
from octavia_benchmarks.live.servers import gateway_of, gateway_platform
from octavia_benchmarks.results import Figure, at_most, percentile
from octavia_benchmarks.stack import servers

AIM_MS = 50.0
LATEST_SECONDS = 30.0
"""How long events that are late are waited for."""

CHUNKS = 400
LANGUAGE = "es"

PROGRESS = r'data: \{"id":"([0-9a-f-]{36})"[^\n]*"current_step":"Transcribing part (\d+) of'
"""A job as its owner is told of it: its id, and one more than the chunks that are known to be done."""


@dataclass(frozen=True)
class Scale:
    """How much of everything; each job has an event about once a second."""

    jobs: int = 1000
    rate: int = 1000
    warm_up_seconds: float = 10.0
    seconds: float = 20.0


QUICK = Scale(20, 50, 1.0, 2.0)


@dataclass(frozen=True)
class Message:
    """One event, encoded before time is taken."""

    job_id: UUID
    done: int
    topic: str
    partition: int
    body: bytes


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """A steady flow of chunk events, on the three topics they come on, until the owners hear of them."""
    scale = QUICK if quick else Scale()
    allow_files(scale.jobs)
    with servers() as on, gateway_platform(on, scale.jobs) as platform:
        server = gateway_of(platform)
        accounts = await add_accounts(on.postgres.address, scale.jobs)
        jobs = await _add_jobs(on, accounts)
        producer = AIOKafkaProducer(bootstrap_servers=on.kafka.address, acks="all", linger_ms=0)
        await producer.start()
        try:
            with tempfile.TemporaryDirectory(prefix="octavia-crowd-") as name:
                async with Crowd.gathered(Path(name)) as crowd:
                    await crowd.open(server.port, server.requests(accounts))
                    messages = await _messages(producer, jobs, scale)
                    warm_up = int(scale.warm_up_seconds * scale.rate)
                    await _send(producer, messages[:warm_up], scale.rate)
                    await asyncio.sleep(2)
                    await crowd.record()
                    spent, began = cpu_seconds(server.pid), time.perf_counter()
                    sent = await _send(producer, messages[warm_up:], scale.rate)
                    seconds = time.perf_counter() - began
                    spent = cpu_seconds(server.pid) - spent
                    heard, times = await _all_heard(crowd, messages[warm_up:], sent)
        finally:
            await producer.stop()
    note = (
        f"live_from_kafka: {len(times) / seconds:.0f} events/s to {scale.jobs} readers, "
        f"p50 {percentile(times, 0.5) * 1000:.1f} ms, slowest {max(times) * 1000:.0f} ms; the gateway takes "
        f"{100 * spent / seconds:.0f} % of a core, the readers' process {100 * heard.cpu_share:.0f} %."
    )
    return [at_most("live_from_kafka", percentile(times, 0.99) * 1000, "ms p99", AIM_MS)], [note]


async def _add_jobs(on: OwnServers, accounts: Sequence[AccessClaims]) -> list[Job]:
    now = datetime.now(UTC)
    repository = JobsRepository()
    database = Database(on.postgres.address, schema="gateway", pool_size=1)
    await database.open()
    jobs = []
    try:
        async with database.transaction() as connection:
            for account in accounts:
                spec = JobSpec(
                    kind=JobKind.VIDEO_TRANSLATE,
                    source=_artifact(account.user_id, "source"),
                    source_filename="talk.mp4",
                    duration_seconds=30.0 * CHUNKS,
                    source_language="en",
                    target_languages=(LANGUAGE,),
                )
                job = Job(
                    job_id=uuid4(),
                    user_id=account.user_id,
                    file_id=uuid4(),
                    spec=spec,
                    quote_credits=10,
                    price_version="v1",
                    created_at=now,
                    run=Run(languages=spec.target_languages),
                ).submitted(at=now, deadline_at=now + timedelta(hours=6))
                await repository.add(connection, job)
                jobs.append(job)
            await repository.save(connection, jobs)
    finally:
        await database.close()
    await _analyze(on.postgres.address)
    return jobs


async def _analyze(database_url: str) -> None:
    """What autovacuum would have done by itself with tables that had grown over time."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("ANALYZE gateway.jobs, gateway.users, gateway.sessions")
    finally:
        await connection.close()


def _artifact(user_id: UUID, name: str) -> ArtifactRef:
    return ArtifactRef(
        key=f"users/{user_id}/artifacts/stage/{name}",
        sha256="0" * 64,
        size_bytes=1,
        media_type="application/json",
    )


async def _messages(producer: AIOKafkaProducer, jobs: Sequence[Job], scale: Scale) -> list[Message]:
    """One event of each job in turn, again and again; a third of the jobs on each of the topics."""
    messages = []
    for number in range(int((scale.warm_up_seconds + scale.seconds) * scale.rate)):
        job, index = jobs[number % len(jobs)], number // len(jobs)
        event = _event(job, index, number % 3)
        topic = topic_of(type(event)).name
        partitions = len(await producer.partitions_for(topic))
        slot = event.slot()
        partition = (job.job_id.int if slot is None else slot) % partitions
        messages.append(Message(job.job_id, index + 1, topic, partition, encode(event, service="benchmark")))
    return messages


def _event(job: Job, index: int, stage: int) -> ChunkLanguageEvent:
    start = 30.0 * index
    chunk = ChunkRef(index=index, total=CHUNKS, start=start, end=start + 29.0, next_speech_start=start + 30.0)
    made = _artifact(job.user_id, f"{stage}-{index}")
    kinds = (("transcript", ChunkTranscribed), ("translation", ChunkTranslated), ("speech", ChunkSynthesized))
    field, kind = kinds[stage]
    return kind.model_validate(
        {
            "job": job.ref(),
            "chunk": chunk,
            "source_language": "en",
            "target_language": LANGUAGE,
            field: made,
        }
    )


async def _send(producer: AIOKafkaProducer, messages: Sequence[Message], rate: int) -> list[float]:
    """Send at a steady rate; when each was handed over, in seconds of the monotonic clock."""
    began = time.perf_counter()
    sent: list[float] = []
    waiting = []
    while len(sent) < len(messages):
        due = min(len(messages), int((time.perf_counter() - began) * rate))
        for message in messages[len(sent) : due]:
            sent.append(time.perf_counter())
            waiting.append(
                await producer.send(
                    message.topic, message.body, key=message.job_id.bytes, partition=message.partition
                )
            )
        await asyncio.sleep(0.001)
    await asyncio.gather(*waiting)
    return sent


async def _all_heard(
    crowd: Crowd, messages: Sequence[Message], sent: Sequence[float]
) -> tuple[Heard, list[float]]:
    """How busy the readers were, and how long each event took. Raises LocalError where one does not come."""
    await asyncio.sleep(1)
    first = heard = await crowd.heard(PROGRESS)
    patience = time.monotonic() + LATEST_SECONDS
    while True:
        try:
            return first, took(messages, sent, heard.events)
        except LocalError:
            if time.monotonic() > patience:
                raise
        await asyncio.sleep(2)
        heard = await crowd.heard(PROGRESS)


def took(
    messages: Sequence[Message], sent: Sequence[float], events: Sequence[tuple[float, *tuple[str, ...]]]
) -> list[float]:
    """Seconds until each event, or a later one of its job, was heard of. Raises LocalError where any was not.

    Two events of one job that are projected together are told of together.
    """
    heard: dict[str, list[tuple[float, int]]] = {}
    for at, *groups in events:
        job_id, part = groups
        heard.setdefault(job_id, []).append((at, int(part) - 1))
    took = []
    for message, began in zip(messages, sent, strict=True):
        arrivals = [at for at, done in heard.get(str(message.job_id), ()) if done >= message.done]
        if not arrivals:
            raise LocalError(f"nothing was heard of chunk {message.done} of job {message.job_id}")
        took.append(min(arrivals) - began)
    return took
