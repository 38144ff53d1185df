"""The stage shell on a real Kafka: what becomes of a record, well or ill."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from octavia_common import topics
from octavia_common.errors import PermanentError, TransientError
from octavia_common.events import (
    ChunkReleased,
    ChunkTranscribed,
    ChunkTranslated,
    CloudEvent,
    EventData,
    JobCancelled,
    JobFailed,
    JobRef,
    LanguageFailed,
)
from octavia_common.messaging.handlers import Work
from octavia_common.messaging.kept_letters import describe, read_letters, replay_letters
from octavia_common.service import ServiceRuntime
from octavia_common.settings import ServiceSettings

from .conftest import Kafka, a_chunk

pytestmark = pytest.mark.integration

Behaviour = Callable[[CloudEvent[ChunkReleased], Work], Any]


class Handler:
    """Answers every chunk with a transcript, after `behave` had its say."""

    def __init__(self, behave: Behaviour | None = None) -> None:
        self.behave = behave
        self.calls: list[int] = []

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        self.calls.append(event.data.chunk.index)
        if self.behave is not None:
            answer = self.behave(event, work)
            if asyncio.iscoroutine(answer):
                await answer
        data = event.data
        if isinstance(data, ChunkTranscribed):
            return [
                ChunkTranslated(
                    job=data.job,
                    chunk=data.chunk,
                    source_language="en",
                    target_language=data.target_language,
                    translation=data.transcript,
                )
            ]
        return [
            ChunkTranscribed(
                job=data.job,
                chunk=data.chunk,
                source_language="en",
                target_language="es",
                transcript=data.audio,
            )
        ]


def transcribed(job: JobRef, index: int, language: str) -> ChunkTranscribed:
    released = a_chunk(job, index)
    return ChunkTranscribed(
        job=job,
        chunk=released.chunk,
        source_language="en",
        target_language=language,
        transcript=released.audio,
    )


def runtime(settings: ServiceSettings, handler: Handler) -> ServiceRuntime:
    made = ServiceRuntime("transcriber", settings)
    made.add_stage(topics.CHUNKS_RELEASED, ChunkReleased, handler, name="transcriber")
    return made


async def test_an_event_becomes_the_events_the_handler_returns(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    job = new_job()
    async with runtime(settings, Handler()):
        await kafka.send(*(a_chunk(job, index) for index in range(5)))
        events = await kafka.read(topics.CHUNKS_TRANSCRIBED, count=5)
    assert {event.data.chunk.index for event in events} == set(range(5))
    assert {event.source for event in events} == {"/octavia/transcriber"}


async def test_a_stage_abreast_works_on_so_many_events_at_once(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    """Each member has partitions of its own; so many jobs lie in those of both."""
    in_hand, both = 0, asyncio.Event()

    async def meet(*_: Any) -> None:
        nonlocal in_hand
        in_hand += 1
        if in_hand == 2:
            both.set()
        async with asyncio.timeout(30):
            await both.wait()
        in_hand -= 1

    made = ServiceRuntime("transcriber", settings)
    made.add_stage(topics.CHUNKS_RELEASED, ChunkReleased, Handler(meet), name="transcriber", abreast=2)
    async with made:
        await kafka.send(*(a_chunk(new_job()) for _ in range(16)))
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=16)
    assert both.is_set()
    assert {"transcriber", "transcriber-1"} <= set(made.health.checks)


async def test_a_permanent_error_fails_the_job_and_the_partition_goes_on(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    bad, good = new_job(), new_job()

    def refuse(event: CloudEvent[ChunkReleased], _: Work) -> None:
        if event.data.job == bad:
            raise PermanentError("This file has no sound.")

    async with runtime(settings, Handler(refuse)):
        await kafka.send(a_chunk(bad), a_chunk(good))
        [failed] = await kafka.read(topics.JOBS_OUTCOME, count=1)
        [done] = await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)
    assert isinstance(failed.data, JobFailed)
    assert failed.data.job == bad
    assert failed.data.error.message == "This file has no sound."
    assert done.data.job == good


async def test_an_error_of_one_language_fails_that_alone_and_its_other_chunks_are_dropped(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    job = new_job()

    def refuse(event: CloudEvent[Any], _: Work) -> None:
        if event.data.target_language == "fr":
            raise PermanentError("Nobody here speaks French.")

    handler = Handler(refuse)
    running = ServiceRuntime("translator", settings)
    running.add_stage(topics.CHUNKS_TRANSCRIBED, ChunkTranscribed, handler, name="translator")
    async with running:
        await kafka.send(transcribed(job, 0, "fr"))
        [failed] = await kafka.read(topics.MEDIA_ASSEMBLED, count=1)
        async with asyncio.timeout(30):
            while not running.ended.has_ended(job.hold_id, "fr"):
                await asyncio.sleep(0.05)
        assert not running.ended.has_ended(job.hold_id)
        assert not running.ended.has_ended(job.hold_id, "es")
        await kafka.send(*(transcribed(job, index, "fr") for index in range(1, 5)))
        await kafka.send(transcribed(job, 9, "es"))
        [done] = await kafka.read(topics.CHUNKS_TRANSLATED, count=1)
    assert isinstance(failed.data, LanguageFailed)
    assert (failed.data.job, failed.data.target_language) == (job, "fr")
    assert failed.data.error.message == "Nobody here speaks French."
    assert done.data.target_language == "es"
    assert set(handler.calls) <= {0, 9}, "work for a language that has failed is not begun"


async def test_a_transient_error_is_tried_again_until_it_passes(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    tries: list[int] = []

    def fail_twice(*_: Any) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise TransientError("The model is loading.")

    async with runtime(settings, Handler(fail_twice)):
        await kafka.send(a_chunk(new_job()))
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)
    assert len(tries) == 3
    assert await kafka.count(topics.DEAD_LETTERS) == 0


async def test_what_fails_past_its_tries_is_a_dead_letter_and_can_be_replayed(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    job = new_job()
    broken = True

    def fail(*_: Any) -> None:
        if broken:
            raise RuntimeError("a bug")

    handler = Handler(fail)
    async with runtime(settings, handler) as running:
        await kafka.send(a_chunk(job))
        [failed] = await kafka.read(topics.JOBS_OUTCOME, count=1)
        [letter] = await read_letters(settings, 10)
        row = describe(letter)
        assert row["consumer"] == "transcriber"
        assert row["place"].startswith(f"{settings.kafka_prefix}chunks.released/")
        assert "a bug" in row["reason"]
        assert row["subject"] == str(job.job_id)
        assert len(handler.calls) == settings.retry_attempts
        assert failed.data.error.code == "internal"
        # The operator mends the cause; the job had failed, so its replay is dropped: forget that here.
        broken = False
        while not running.ended.has_ended(job.hold_id):
            await asyncio.sleep(0.02)
        running.ended._ended.clear()
        assert await replay_letters(settings, None) == 1
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", []),
        (b"\xff\xfe rubbish", []),
        (b"{}", [("content-type", b"application/json")]),
        (b'{"type": "octavia.chunks.released.v1", "data": {}}', []),
        (b'{"type": "no.such.type"}', [("traceparent", b"\xff\xff")]),
        (b"not json", [("content-type", b"application/json"), ("octavia-attempt", b"x")]),
    ],
)
async def test_rubbish_is_a_dead_letter_and_stops_nothing(
    settings: ServiceSettings,
    kafka: Kafka,
    new_job: Callable[[], JobRef],
    body: bytes,
    headers: list[tuple[str, bytes]],
) -> None:
    async with runtime(settings, Handler()):
        await kafka.send_raw(topics.CHUNKS_RELEASED, body, headers)
        await kafka.send(a_chunk(new_job()))
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)
        [letter] = await kafka.read_raw(topics.DEAD_LETTERS, count=1)
    assert letter.value == body


async def test_work_of_a_cancelled_job_stops_and_emits_nothing(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    cancelled, other = new_job(), new_job()
    begun = asyncio.Event()

    async def long_work(event: CloudEvent[ChunkReleased], work: Work) -> None:
        if event.data.job == cancelled:
            begun.set()
            await work.cancel.wait()
            work.cancel.raise_if_cancelled()

    handler = Handler(long_work)
    async with runtime(settings, handler):
        await kafka.send(a_chunk(cancelled, 0))
        await asyncio.wait_for(begun.wait(), 20)
        await kafka.send(JobCancelled(job=cancelled))
        await kafka.send(a_chunk(cancelled, 1), a_chunk(other, 2))
        [done] = await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)
    assert done.data.job == other
    assert handler.calls == [0, 2]
    assert await kafka.count(topics.CHUNKS_TRANSCRIBED) == 1


async def test_a_new_worker_knows_the_jobs_that_ended_before_it_came(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    cancelled, other = new_job(), new_job()
    await kafka.send(JobCancelled(job=cancelled))
    await kafka.send(a_chunk(cancelled, 0), a_chunk(other, 1))
    handler = Handler()
    async with runtime(settings, handler):
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)
    assert handler.calls == [1]


async def test_work_abandoned_at_shutdown_comes_again_elsewhere(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    begun = asyncio.Event()

    async def stuck(_: Any, work: Work) -> None:
        begun.set()
        await work.cancel.wait()
        work.cancel.raise_if_cancelled()

    async with runtime(settings, Handler(stuck)):
        await kafka.send(a_chunk(new_job()))
        await asyncio.wait_for(begun.wait(), 20)
    assert await kafka.count(topics.CHUNKS_TRANSCRIBED) == 0
    async with runtime(settings, Handler()):
        await kafka.read(topics.CHUNKS_TRANSCRIBED, count=1)


async def test_chunks_of_a_job_are_spread_evenly(
    settings: ServiceSettings, kafka: Kafka, new_job: Callable[[], JobRef]
) -> None:
    job = new_job()
    partitions = settings.kafka_most_partitions
    async with ServiceRuntime("transcriber", settings) as running:
        await running.publisher.publish([a_chunk(job, index) for index in range(2 * partitions)])
    records = await kafka.read_raw(topics.CHUNKS_RELEASED, count=2 * partitions)
    assert Counter(record.partition for record in records) == dict.fromkeys(range(partitions), 2)
