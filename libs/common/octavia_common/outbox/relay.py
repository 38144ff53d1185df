"""The relay: sends what is in the outbox and deletes it when Kafka has it.

Rows are claimed with a lease under `FOR UPDATE SKIP LOCKED`, so any number of replicas share the
work and a killed one's rows are free again when its lease runs out (delivery is at least once).
NOTIFY only wakes; without it the relay looks by itself every `POLL_SECONDS`. After
modern-python/faststream-outbox: every terminal write carries the lease.
"""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from octavia_common.database import UNAVAILABLE, Database
from octavia_common.listening import listen
from octavia_common.messaging.headers import TRACEPARENT
from octavia_common.messaging.publisher import EventPublisher, Outgoing, ShuttingDownError
from octavia_common.outbox.inbox import prune
from octavia_common.outbox.outbox import Outbox
from octavia_common.telemetry.metrics import OUTBOX_AGE_SECONDS, OUTBOX_SENT
from octavia_common.topics import kind_of, topic_of

log = structlog.get_logger(__name__)

BATCH = 200
LEASE_SECONDS = 30
POLL_SECONDS = 2.0
_UNSYNCED = "(SELECT set_config('synchronous_commit', 'off', true)) AS unsynced"
"""A claim or a deletion that a crash of the database swallows only lets its events be sent again, so
neither waits for the disk."""

INBOX_DAYS = 8
"""One day longer than Kafka keeps the events themselves."""


class Relay:
    """Moves events from one schema's outbox to Kafka."""

    def __init__(self, database: Database, outbox: Outbox, publisher: EventPublisher) -> None:
        self._database = database
        self._outbox = outbox
        self._publisher = publisher
        self._woken = asyncio.Event()
        self.identity = uuid4().hex
        """Names this relay in notices of events that it is told of without them."""

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    async def run(self) -> None:
        """Send for ever; returns when the publisher shuts down."""
        listening = asyncio.create_task(
            listen(self._database, self._outbox.channel, self._heard, anew=self.wake)
        )
        pruning = asyncio.create_task(self._prune())
        try:
            while True:
                self._woken.clear()
                try:
                    while await self.send_batch() == BATCH:
                        pass
                except ShuttingDownError:
                    return
                except UNAVAILABLE as error:
                    log.warning("the outbox cannot be read, trying again", error=repr(error))
                    await asyncio.sleep(0.5)
                try:
                    await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue
        finally:
            listening.cancel()
            pruning.cancel()

    async def send_batch(self) -> int:
        """Send at most `BATCH` events; returns how many."""
        lease = uuid4()
        rows = await self._claim(lease)
        if not rows:
            OUTBOX_AGE_SECONDS.labels(self._database.schema).set(0)
            return 0
        OUTBOX_AGE_SECONDS.labels(self._database.schema).set(max(row["age"] for row in rows))
        await self._publisher.send([self._message(row) for row in rows])
        await self._database.pool.execute(
            f"DELETE FROM outbox USING {_UNSYNCED} WHERE id = ANY($1) AND lease = $2",  # noqa: S608
            [row["id"] for row in rows],
            lease,
        )
        OUTBOX_SENT.labels(self._database.schema).inc(len(rows))
        return len(rows)

    async def _claim(self, lease: Any) -> list[asyncpg.Record]:
        rows = await self._database.pool.fetch(
            f"""
            UPDATE outbox SET lease = $1, leased_until = clock_timestamp() + make_interval(secs => $2)
            FROM {_UNSYNCED}
            WHERE id IN (
                SELECT id FROM outbox WHERE leased_until IS NULL OR leased_until < clock_timestamp()
                ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
            )
            RETURNING id, type, body, message_key, slot, traceparent,
                      extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
            """,  # noqa: S608
            lease,
            LEASE_SECONDS,
            BATCH,
        )
        return sorted(rows, key=lambda row: row["id"])

    def _message(self, row: asyncpg.Record) -> Outgoing:
        return Outgoing(
            topic=self._publisher.topic_name(topic_of(kind_of(row["type"]))),
            body=row["body"],
            key=row["message_key"],
            slot=row["slot"],
            headers={TRACEPARENT: row["traceparent"]} if row["traceparent"] else {},
        )

    def _heard(self, waker: str) -> None:
        if waker != self.identity:
            self.wake()

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(600)
            try:
                while await prune(self._database.pool, days=INBOX_DAYS):
                    pass
            except UNAVAILABLE as error:
                log.warning("the inbox cannot be pruned, trying again later", error=repr(error))
