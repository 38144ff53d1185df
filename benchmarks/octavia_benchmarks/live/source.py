"""Where the events come from: NOTIFY, as the projection of any replica sends it when it commits."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
from octavia_gateway.events.wire import CHANNEL, StreamEvent, event_notice

SENT_AT = r'data: \{"at":([0-9.]+),'
"""Finds when an event was sent, in seconds of the monotonic clock, which all processes share."""

BODY_BYTES = 700
"""About what a job at work is as JSON."""

TICK_SECONDS = 0.001


class Source:
    """Sends numbered events to users, each with the time of its sending."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._numbers = itertools.count(1)

    @classmethod
    async def connected(cls, database_url: str) -> "Source":
        """A source on a connection of its own, whose commits wait for no disk: there are no rows."""
        connection = await asyncpg.connect(database_url, server_settings={"synchronous_commit": "off"})
        return cls(connection)

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    async def send(self, users: Sequence[UUID], *, body_bytes: int = BODY_BYTES) -> None:
        """One event to each of `users`, all committed at once."""
        padding = "x" * body_bytes
        body = f'{{"at":{time.perf_counter():.7f},"job":"{padding}"}}'
        await self._connection.execute(
            "SELECT pg_notify($1, notice) FROM unnest($2::text[]) AS notice",
            CHANNEL,
            [
                event_notice(StreamEvent(user, next(self._numbers), _JOB, "job.updated", body))
                for user in users
            ],
        )

    async def flow(self, users: Sequence[UUID], *, a_second: int, seconds: float) -> int:
        """Events to one user after another at a steady rate; how many were sent."""
        order = itertools.cycle(users)
        began = time.perf_counter()
        sent = 0
        while (passed := time.perf_counter() - began) < seconds:
            if due := int(passed * a_second) - sent:
                await self.send(list(itertools.islice(order, due)))
                sent += due
            await asyncio.sleep(TICK_SECONDS)
        return sent


_JOB = uuid4()
