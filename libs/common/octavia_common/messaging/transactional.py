"""The shell of consumers with tables: inbox, effect and outbox in one transaction, in batches."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog
from faststream.kafka import KafkaMessage
from opentelemetry.trace import SpanKind
from tenacity import AsyncRetrying, retry_if_exception_type, stop_never, wait_exponential_jitter

from octavia_common.database import UNAVAILABLE, Database
from octavia_common.errors import PermanentError, TransientError
from octavia_common.events import CloudEvent, EventData, JobEvent
from octavia_common.messaging.codec import UndecodableEventError, decode
from octavia_common.messaging.consumer import Consumer, Plumbing
from octavia_common.messaging.handlers import TransactionalHandler
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.publisher import ShuttingDownError
from octavia_common.outbox.inbox import keep_unseen
from octavia_common.outbox.outbox import Outbox
from octavia_common.outbox.relay import Relay
from octavia_common.telemetry.metrics import HANDLED
from octavia_common.telemetry.tracing import context_of, links_to, tracer
from octavia_common.topics import Topic

log = structlog.get_logger(__name__)

AGAIN = (
    *UNAVAILABLE,
    TransientError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
"""Trouble that is the surroundings', not the event's: the same batch is tried until it passes."""

Pair = tuple[Incoming, CloudEvent[Any]]


class TransactionalConsumer(Consumer):
    """Gives a `TransactionalHandler` what the consumer already holds, at most `max_batch` events.

    Micro-batching takes along what is buffered and never waits for more, so an idle platform has
    the latency of single events. A batch that fails is tried event by event: the poisoned one alone
    becomes a dead letter.
    """

    def __init__(
        self,
        name: str,
        topic: Topic,
        handler: TransactionalHandler,
        plumbing: Plumbing,
        *,
        database: Database,
        outbox: Outbox,
        relay: Relay,
        max_batch: int,
        skip_ended: bool,
    ) -> None:
        super().__init__(name, topic, plumbing)
        self._handler = handler
        self._database = database
        self._outbox = outbox
        self._relay = relay
        self._max_batch = max_batch
        self._skip_ended = skip_ended

    async def consume(self, message: KafkaMessage, first: Incoming) -> Sequence[Incoming]:
        incoming = [first, *await self._buffered(message)]
        pairs: list[Pair] = []
        for one in incoming:
            try:
                event = decode(one.body, *self.topic.carries)
            except UndecodableEventError as error:
                HANDLED.labels(self.name, "dead_letter").inc()
                await self._plumbing.dead_letters.give_up(
                    one, consumer=self.name, reason=f"{error.code}: {error.message}", event=None
                )
                continue
            if not self.passes_by(one, event.data, skip_ended=self._skip_ended):
                pairs.append((one, event))
        if pairs:
            await self._apply_all(pairs)
        return incoming

    async def _buffered(self, message: KafkaMessage) -> list[Incoming]:
        if self._max_batch == 1:
            return []
        batches = await message.consumer.getmany(timeout_ms=0, max_records=self._max_batch - 1)  # type: ignore[attr-defined]
        return [Incoming.read(record) for records in batches.values() for record in records]

    async def _apply_all(self, pairs: Sequence[Pair]) -> None:
        try:
            await self._apply(pairs)
        except ShuttingDownError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails is isolated
            if len(pairs) > 1:
                log.warning("a batch failed, going event by event", consumer=self.name, error=repr(error))
                for pair in pairs:
                    await self._apply_all([pair])
            else:
                await self._poisoned(pairs[0], error)

    async def _poisoned(self, pair: Pair, error: Exception) -> None:
        incoming, event = pair
        code = error.code if isinstance(error, PermanentError) else "handler_failed"
        log.error("an event cannot be applied", consumer=self.name, exc_info=error)
        HANDLED.labels(self.name, "dead_letter").inc()
        await self._plumbing.dead_letters.give_up(
            incoming, consumer=self.name, reason=f"{code}: {error!r}", event=event
        )

    async def _apply(self, pairs: Sequence[Pair]) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(AGAIN),
            stop=stop_never,
            wait=wait_exponential_jitter(multiplier=0.05, max=3),
            sleep=self._sleep,
            reraise=True,
        ):
            with attempt:
                told = await self._transaction(pairs)
        if told:
            self._relay.wake()

    async def _transaction(self, pairs: Sequence[Pair]) -> bool:
        """Whether there is anything to be sent after it."""
        contexts = [context_of(incoming.headers) for incoming, _ in pairs]
        traces = {
            event.subject: incoming.headers["traceparent"]
            for incoming, event in pairs
            if "traceparent" in incoming.headers
        }
        with tracer().start_as_current_span(
            self.name,
            context=contexts[-1] if len(pairs) == 1 else None,
            kind=SpanKind.CONSUMER,
            links=links_to(contexts) if len(pairs) > 1 else None,
            attributes={"octavia.batch": len(pairs), "octavia.subject": pairs[-1][1].subject},
        ):
            told: Sequence[EventData] = ()
            async with self._database.transaction() as connection:
                unseen = await keep_unseen(connection, self.name, [event.id for _, event in pairs])
                events = _first_of_each(pairs, unseen)
                if events:
                    told = self._alive(await self._handler.handle(connection, events))
                    waker = self._relay.identity
                    await self._outbox.add(connection, told, traces=traces, waker=waker)
        HANDLED.labels(self.name, "ok").inc(len(events))
        HANDLED.labels(self.name, "duplicate").inc(len(pairs) - len(events))
        return bool(told)

    def _alive(self, produced: Sequence[EventData]) -> Sequence[EventData]:
        """Without the events of jobs that ended while the batch was worked on."""
        if not self._skip_ended:
            return produced
        ended = self._plumbing.ended
        return [e for e in produced if not (isinstance(e, JobEvent) and ended.has_ended(e.job.hold_id))]

    async def _sleep(self, seconds: float) -> None:
        log.warning("a batch cannot be applied now, trying again", consumer=self.name, in_seconds=seconds)
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if self._plumbing.stopping.is_set():
                raise ShuttingDownError("The service is stopping before its batch could be applied.")
            await asyncio.sleep(min(0.2, seconds))


def _first_of_each(pairs: Sequence[Pair], unseen: set[Any]) -> list[CloudEvent[Any]]:
    events: list[CloudEvent[Any]] = []
    for _, event in pairs:
        if event.id in unseen:
            unseen.discard(event.id)
            events.append(event)
    return events
