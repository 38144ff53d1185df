"""The shell of consumers with tables: inbox, effect and outbox in one transaction, in batches."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from faststream.kafka import KafkaMessage
from opentelemetry.trace import SpanKind
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from octavia_common.database import Database, is_unavailable
from octavia_common.errors import OctaviaError, TransientError
from octavia_common.events import CloudEvent, EventData
from octavia_common.messaging.codec import UndecodableEventError, decode
from octavia_common.messaging.consumer import Consumer, Plumbing
from octavia_common.messaging.handlers import TransactionalHandler
from octavia_common.messaging.headers import TRACEPARENT
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.publisher import ShuttingDownError
from octavia_common.outbox.inbox import keep_unseen
from octavia_common.outbox.outbox import Outbox
from octavia_common.outbox.relay import Relay
from octavia_common.telemetry.metrics import HANDLED
from octavia_common.telemetry.tracing import arriving, context_of, links_to, tracer
from octavia_common.topics import Topic

log = structlog.get_logger(__name__)

CONTENTION = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
"""Trouble of one transaction with others: the same batch is tried until it passes."""

Pair = tuple[Incoming, CloudEvent[Any]]


@dataclass(frozen=True)
class Route:
    """What becomes of the events of one topic.

    `skip_ended` drops those of jobs that have ended; only who resolves or shows the ending itself must
    see them all.
    """

    handler: TransactionalHandler
    skip_ended: bool = False


class TransactionalConsumer(Consumer):
    """Gives `TransactionalHandler`s what the consumer already holds, at most `max_batch` events.

    One consumer reads several topics where their events concern the same rows: one request to Kafka
    then brings all of them, and what one handler gets of a batch, from however many topics, is one
    transaction. Several handlers are several transactions, for rows that two of them lock in one could
    be locked the other way round by another replica.

    Micro-batching takes along what is buffered and never waits for more, so an idle platform has
    the latency of single events. A batch that fails is tried event by event: the poisoned one alone
    becomes a dead letter.

    Trouble of the database is waited out, however long it takes: without it nothing can be applied and
    nothing given up. A handler's TransientError is waited out for `retry_max_age_seconds`; then each
    event of the batch has one more try before it is given up, and where that would be too many, the
    limit of poison stops the consumer. All waiting shows in `/readyz` and `octavia_consumer_waiting`.
    """

    def __init__(
        self,
        name: str,
        routes: Mapping[Topic, Route],
        plumbing: Plumbing,
        *,
        database: Database,
        outbox: Outbox,
        relay: Relay,
        max_batch: int,
    ) -> None:
        super().__init__(name, tuple(routes), plumbing)
        prefix = plumbing.settings.kafka_prefix
        self._routes = {f"{prefix}{topic.name}": (topic, route) for topic, route in routes.items()}
        self._database = database
        self._outbox = outbox
        self._relay = relay
        self._max_batch = max_batch

    async def consume(self, message: KafkaMessage, first: Incoming) -> Sequence[Incoming]:
        incoming = [first, *await self._buffered(message)]
        groups: dict[Route, list[Pair]] = {}
        broken: list[tuple[Incoming, UndecodableEventError]] = []
        for one in incoming:
            if self.is_anothers(one):
                continue
            topic, route = self._routes[one.topic]
            try:
                event = decode(one.body, *topic.carries)
            except UndecodableEventError as error:
                broken.append((one, error))
                continue
            if not self.passes_by(event.data, skip_ended=route.skip_ended):
                groups.setdefault(route, []).append((one, event))
        for route, pairs in groups.items():
            await self._apply_all(route, pairs)
        # After the good ones, which count when it is asked whether these are too many.
        for one, trouble in broken:
            await self.give_up(one, reason=f"{trouble.code}: {trouble.message}")
        return incoming

    async def _buffered(self, message: KafkaMessage) -> list[Incoming]:
        if self._max_batch == 1:
            return []
        batches = await message.consumer.getmany(timeout_ms=0, max_records=self._max_batch - 1)  # type: ignore[attr-defined]
        return [Incoming.read(record) for records in batches.values() for record in records]

    async def _apply_all(self, route: Route, pairs: Sequence[Pair], *, since: float | None = None) -> None:
        """Apply them, or each that can be; `since` is when the waiting began that they were part of."""
        since = since or time.monotonic()
        try:
            await self._apply(route, pairs, since)
            self._poison.passed(len(pairs))
        except ShuttingDownError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails is isolated
            if len(pairs) > 1:
                log.warning("a batch failed, going event by event", consumer=self.name, error=repr(error))
                for pair in pairs:
                    await self._apply_all(route, [pair], since=since)
            else:
                await self._poisoned(pairs[0], error)

    async def _poisoned(self, pair: Pair, error: Exception) -> None:
        incoming, event = pair
        code = error.code if isinstance(error, OctaviaError) else "handler_failed"
        log.error("an event cannot be applied", consumer=self.name, exc_info=error)
        await self.give_up(incoming, reason=f"{code}: {error!r}", event=event)

    async def _apply(self, route: Route, pairs: Sequence[Pair], since: float) -> None:
        limit = since + self._plumbing.settings.retry_max_age_seconds

        def worth_another_try(error: BaseException) -> bool:
            if isinstance(error, TransientError):
                return time.monotonic() < limit and not isinstance(error, ShuttingDownError)
            return isinstance(error, CONTENTION) or is_unavailable(error)

        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(worth_another_try),
                wait=wait_exponential_jitter(multiplier=0.05, max=3),
                sleep=self._sleep,
                before_sleep=self._tell,
                reraise=True,
            ):
                with attempt:
                    told = await self._transaction(route, pairs)
        finally:
            self.progress.goes_on()
        if told:
            self._relay.wake()

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.progress.waits(repr(error))
        log.warning(
            "a batch cannot be applied now, trying again",
            consumer=self.name,
            attempt=state.attempt_number,
            error=repr(error),
        )

    async def _transaction(self, route: Route, pairs: Sequence[Pair]) -> bool:
        """Whether there is anything to be sent after it."""
        contexts = [context_of(incoming.headers) for incoming, _ in pairs]
        traces = {
            event.subject: incoming.headers[TRACEPARENT]
            for incoming, event in pairs
            if TRACEPARENT in incoming.headers
        }
        arrived = {event.id: incoming.headers.get(TRACEPARENT, "") for incoming, event in pairs}
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
                    with arriving(arrived):
                        told = await route.handler.handle(connection, events)
                    if route.skip_ended:
                        told = self._alive(told)
                    waker = self._relay.identity
                    await self._outbox.add(connection, told, traces=traces, waker=waker)
        HANDLED.labels(self.name, "ok").inc(len(events))
        HANDLED.labels(self.name, "duplicate").inc(len(pairs) - len(events))
        return bool(told)

    def _alive(self, produced: Sequence[EventData]) -> Sequence[EventData]:
        """Without the events of jobs that ended while the batch was worked on."""
        return [event for event in produced if not self.is_over(event)]

    async def _sleep(self, seconds: float) -> None:
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
