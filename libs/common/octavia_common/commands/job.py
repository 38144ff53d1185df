"""`octavia job trace`: a job as a time line, read from the topics themselves."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Annotated
from uuid import UUID

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import DefaultPartitioner

from octavia_common import topics
from octavia_common.events import CreditsReserved, JobSubmitted
from octavia_common.messaging.codec import UndecodableEventError, decode
from octavia_common.messaging.headers import Made
from octavia_common.settings import ServiceSettings
from octavia_common.timeline import ENDS, Step, Timeline, Told, timeline_of
from octavia_common.topics import Topic

app = typer.Typer(help="Look into one job.", no_args_is_help=True)

BAR = 48
"""Columns of the time line."""

AFTERWARDS_SECONDS = 60.0
"""How long after the end of a run its last events may come, other workers' clocks included."""

KEYED = (
    topics.JOBS_SUBMITTED,
    topics.CREDITS_RESERVED,
    topics.CREDITS_RESOLVED,
    topics.MEDIA_PLANNED,
    topics.CHUNKS_SYNTHESIZED,
    topics.MEDIA_ASSEMBLED,
    topics.JOBS_OUTCOME,
)
"""All of a job lies in one partition of each."""

SPREAD = (
    topics.CHUNKS_RELEASED,
    topics.CHUNKS_TRANSCRIBED,
    topics.CHUNKS_TRANSLATED,
    topics.CHUNKS_SPOKEN,
    topics.ASSEMBLY_REQUESTED,
)


Partitions = Mapping[Topic, Sequence[TopicPartition]]


@app.callback()
def group() -> None:
    """Keeps `trace` a command of its own while it is the only one."""


@app.command("trace")
def trace_command(job_id: Annotated[UUID, typer.Argument(metavar="ID", help="The job's id.")]) -> None:
    """Show which chunk was where, when, and on which worker; of its newest run."""
    try:
        timeline = timeline_of(asyncio.run(read_job(ServiceSettings(), job_id)))
    except ValueError as error:
        typer.echo(f"Job {job_id}: {error}; topics keep events for 7 days.", err=True)
        raise typer.Exit(1) from None
    for line in lines_of(timeline, now=time.time()):
        typer.echo(line)


async def read_job(settings: ServiceSettings, job_id: UUID) -> list[Told]:
    """Every event of the job that its topics still keep, from its newest submission on."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","), enable_auto_commit=False
    )
    await consumer.start()
    try:
        names = {topic: f"{settings.kafka_prefix}{topic.name}" for topic in (*KEYED, *SPREAD)}
        reader = _Reader(consumer, await partitions_of(settings, names), job_id)
        submitted = await reader.read(topics.JOBS_SUBMITTED, 0.0, None)
        # What was submitted with others lies in its user's partition; then its hold is the first of it.
        first = submitted or await reader.read(topics.CREDITS_RESERVED, 0.0, None)
        begun = [one.at for one in first if isinstance(one.event.data, JobSubmitted | CreditsReserved)]
        if not begun:
            return []
        since = max(begun) - 1
        told = submitted
        for topic in KEYED[1:]:
            told += await reader.read(topic, since, None)
        ends = [one.at for one in told if isinstance(one.event.data, ENDS) and one.at >= since]
        until = min(ends) + AFTERWARDS_SECONDS if ends else None
        for topic in SPREAD:
            told += await reader.read(topic, since, until)
        return told
    finally:
        await consumer.stop()


async def partitions_of(settings: ServiceSettings, names: Mapping[Topic, str]) -> Partitions:
    """The partitions of each topic, by its name on this broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers.split(","))
    await admin.start()
    try:
        described = await admin.describe_topics(list(names.values()))
    finally:
        await admin.close()
    there = {each["topic"]: sorted(part["partition"] for part in each["partitions"]) for each in described}
    return {
        topic: [TopicPartition(name, part) for part in there.get(name, ())] for topic, name in names.items()
    }


class _Reader:
    """Reads one job's events off topics, between two moments."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: Partitions, job_id: UUID) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._subject = str(job_id)

    async def read(self, topic: Topic, since: float, until: float | None) -> list[Told]:
        """Events of the job, told between `since` and `until` (None: till now), by Kafka's clock."""
        partitions = self._partitions[topic]
        if topic in KEYED and partitions:
            numbers = [partition.partition for partition in partitions]
            partitions = [partitions[DefaultPartitioner()(self._subject.encode(), numbers, numbers)]]
        ends = await self._consumer.end_offsets(partitions)
        if until is not None:
            ends |= {where: at for where, at in (await self._at(partitions, until)).items() if at is not None}
        starts = await self._at(partitions, since)
        found: list[Told] = []
        for partition in partitions:
            start = starts[partition]
            if start is not None and start < ends[partition]:
                found += [one async for one in self._scan(partition, start, ends[partition], topic)]
        return found

    async def _at(
        self, partitions: Sequence[TopicPartition], moment: float
    ) -> dict[TopicPartition, int | None]:
        """Of each partition, the first record that is not older than `moment`; None where there is none."""
        times = dict.fromkeys(partitions, int(moment * 1000))
        found = await self._consumer.offsets_for_times(times)
        return {partition: at.offset if at is not None else None for partition, at in found.items()}

    async def _scan(
        self, partition: TopicPartition, start: int, end: int, topic: Topic
    ) -> AsyncIterator[Told]:
        self._consumer.assign([partition])
        self._consumer.seek(partition, start)
        at = start
        while at < end:
            batches = await asyncio.wait_for(self._consumer.getmany(timeout_ms=2000, max_records=1000), 30)
            for record in batches.get(partition, ()):
                at = record.offset + 1
                one = self._told(record, topic)
                if one is not None:
                    yield one
            at = max(at, await self._consumer.position(partition))

    def _told(self, record: "ConsumerRecord[bytes, bytes]", topic: Topic) -> Told | None:
        # Cheaper than reading every event of everybody.
        if self._subject.encode() not in (record.value or b""):
            return None
        try:
            event = decode(record.value or b"", *topic.carries)
        except UndecodableEventError:
            return None
        if event.subject != self._subject:
            return None
        headers = {key: value.decode(errors="replace") for key, value in record.headers}
        return Told(event, Made.read(headers))


def lines_of(timeline: Timeline, *, now: float) -> Iterator[str]:
    """The time line for a terminal: what happened to the run, then a bar for each piece of work."""
    start, end = timeline.start, timeline.end
    length = max((end or now) - start, 0.001)
    state = f"over after {length:.1f} s" if end else f"going on for {length:.1f} s"
    yield f"Run {timeline.hold_id}, {state}"
    yield ""
    for moment in timeline.milestones:
        line = f"{moment.at - start:9.2f} s  {moment.name:20} {moment.detail:32} {moment.worker}"
        yield line.rstrip()
    yield ""
    yield f"{'':27}0 s {'':{BAR - 12}}{length:6.1f} s   waited   worked  worker   (· waits, █ is worked on)"
    for step in timeline.steps:
        yield line_of(step, start, length, now)


def line_of(step: Step, start: float, length: float, now: float) -> str:
    """One piece of work: who, which bar, how long it waited and was worked on."""
    place = f"chunk {step.chunk}" if step.chunk is not None else "all chunks"
    begin = step.began if step.began is not None else step.ended or now
    finish = step.ended if step.ended is not None else now
    columns = [round((at - start) / length * BAR) for at in (step.ready, begin, finish)]
    ready, began, ended = (min(max(column, 0), BAR) for column in columns)
    ended = max(ended, min(began + 1, BAR)) if step.ended is not None else ended
    bar = " " * ready + "·" * (began - ready) + "█" * (ended - began)
    head = f"{place:10} {step.language:5} {step.stage:10}|{bar:{BAR}}|"
    if step.ended is None:
        return f"{head} not yet, since {now - step.ready:.1f} s"
    if step.began is None:
        return f"{head} after {step.ended - step.ready:.2f} s"
    waited, worked = max(0.0, step.began - step.ready), step.ended - step.began
    return f"{head} {waited:7.2f}s {worked:7.2f}s  {step.worker}"
