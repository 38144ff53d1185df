"""Which runs of jobs, and languages of them, have ended: known by every worker, so none works for nothing."""

import asyncio
import time
from collections import OrderedDict
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from octavia_common import topics
from octavia_common.cancellation import CancelToken
from octavia_common.events import (
    CreditsRejected,
    CreditsReleased,
    JobCancelled,
    JobEvent,
    JobFailed,
    LanguageFailed,
)
from octavia_common.messaging.codec import UndecodableEventError, decode
from octavia_common.settings import ServiceSettings

log = structlog.get_logger(__name__)

Key = tuple[UUID, str | None]
"""A run, by its hold; or one language of it."""

REMEMBERED = 200_000
"""Runs kept in memory (about 30 MB); older ones are past their deadline anyway."""

LOOK_BACK_SECONDS = 24 * 60 * 60
"""How far back a new worker reads: longer than work of a job lies in the stages after its end."""

FETCH_BYTES = 256 * 1024
FETCH_WAIT_MS = 250
"""An ending is known within this time; under load one request brings all endings of it."""

_TOPICS = (topics.JOBS_OUTCOME, topics.CREDITS_RESOLVED, topics.MEDIA_ASSEMBLED)
_ENDINGS = (JobFailed, JobCancelled, CreditsReleased, CreditsRejected, LanguageFailed)
_NAMES = tuple(kind.TYPE.encode() for kind in _ENDINGS)


class EndedJobs:
    """Reads the endings of all jobs without a consumer group: every worker sees every one."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._ended: OrderedDict[Key, str] = OrderedDict()
        self._running: dict[Key, set[CancelToken]] = {}
        self.caught_up = asyncio.Event()

    def has_ended(self, hold_id: UUID, language: str | None = None) -> bool:
        """Whether this run was failed, cancelled or refused, or this language of it has failed."""
        return any(key in self._ended for key in _keys(hold_id, language))

    def end(self, hold_id: UUID, reason: str, language: str | None = None) -> None:
        """Remember that a run, or one language of it, has ended, and cancel its work in this process."""
        key = (hold_id, language)
        self._ended[key] = reason
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        for token in self._running.pop(key, set()):
            token.cancel(reason)

    def watch(self, hold_id: UUID, token: CancelToken, language: str | None = None) -> None:
        """Cancel `token` when the run, or its `language`, ends (at once where it has)."""
        keys = _keys(hold_id, language)
        for key in keys:
            if key in self._ended:
                token.cancel(self._ended[key])
                return
        for key in keys:
            self._running.setdefault(key, set()).add(token)

    def unwatch(self, hold_id: UUID, token: CancelToken, language: str | None = None) -> None:
        """The work is over."""
        for key in _keys(hold_id, language):
            tokens = self._running.get(key)
            if tokens is not None:
                tokens.discard(token)
                if not tokens:
                    del self._running[key]

    async def run(self) -> None:
        """Read for ever; after trouble with Kafka, again from where memory may have a hole."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                log.warning("cannot read the endings of jobs, trying again", error=repr(error))
                await asyncio.sleep(2)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap_servers.split(","),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Every worker reads every ending: let the broker collect them for a moment.
            fetch_min_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        await consumer.start()
        try:
            assignment = await self._partitions(consumer)
            consumer.assign(assignment)
            since = int((time.time() - LOOK_BACK_SECONDS) * 1000)
            offsets = await consumer.offsets_for_times(dict.fromkeys(assignment, since))
            ends = await consumer.end_offsets(assignment)
            for partition in assignment:
                found = offsets.get(partition)
                consumer.seek(partition, found.offset if found else ends[partition])
            behind = {p for p in assignment if (o := offsets.get(p)) and o.offset < ends[p]}
            if not behind:
                self.caught_up.set()
            async for record in consumer:
                self._note(record.value or b"")
                partition = TopicPartition(record.topic, record.partition)
                if behind and record.offset + 1 >= ends[partition]:
                    behind.discard(partition)
                if not behind:
                    self.caught_up.set()
        finally:
            await consumer.stop()

    async def _partitions(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        found: list[TopicPartition] = []
        for topic in _TOPICS:
            name = f"{self._settings.kafka_prefix}{topic.name}"
            partitions = consumer.partitions_for_topic(name)
            if not partitions:
                await consumer._client.add_topic(name)
                await consumer._client.force_metadata_update()
                partitions = consumer.partitions_for_topic(name)
            if not partitions:
                raise OSError(f"topic {name} does not exist; run `octavia topics apply`")
            found.extend(TopicPartition(name, partition) for partition in sorted(partitions))
        return found

    def _note(self, body: bytes) -> None:
        if not any(name in body for name in _NAMES):
            return  # most jobs end well: spare every worker reading how
        try:
            event = decode(body)
        except UndecodableEventError:
            return
        if isinstance(event.data, _ENDINGS) and isinstance(event.data, JobEvent):
            language = event.data.target_language if isinstance(event.data, LanguageFailed) else None
            self.end(event.data.job.hold_id, event.type, language)


def _keys(hold_id: UUID, language: str | None) -> tuple[Key, ...]:
    """What ends work towards a language: the end of its run, and its own."""
    return ((hold_id, None),) if language is None else ((hold_id, None), (hold_id, language))
