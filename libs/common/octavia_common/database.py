"""PostgreSQL: one schema a service and a bounded pool."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from octavia_common.patience import once_there

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A statement sent between the server's last word and the end of its connection (asyncpg, issue 1069).
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises when the server is away; the same work succeeds once it is back."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the server is away.

    A value that a column cannot hold is an InterfaceError to asyncpg too, found before it is sent: that
    one is also a ValueError, and no trouble of the server's.
    """
    return isinstance(error, UNAVAILABLE) and not isinstance(error, ValueError)


class Database:
    """A pool whose connections see only the schema of their service."""

    def __init__(
        self, url: str, *, schema: str, pool_size: int = 10, session: Mapping[str, str] | None = None
    ) -> None:
        """`session`: settings of PostgreSQL that every connection has."""
        self.url = url
        self._session = dict(session or {})
        self.schema = schema
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        """The open pool. Raises RuntimeError before `open`."""
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    async def open(self) -> None:
        """Connect, waiting for a server that is still starting."""

        async def connect() -> "asyncpg.Pool[asyncpg.Record]":
            return await asyncpg.create_pool(
                self.url,
                min_size=1,
                max_size=self._pool_size,
                init=_json_codecs,
                reset=_nothing_to_reset,
                command_timeout=60,
                server_settings=self.server_settings,
            )

        self._pool = await once_there(connect, is_unavailable)

    @property
    def server_settings(self) -> dict[str, str]:
        """Session settings of every connection, also of those made outside the pool (LISTEN)."""
        return {"search_path": self.schema, "application_name": f"octavia-{self.schema}", **self._session}

    async def close(self) -> None:
        """Close every connection, the busy ones after at most 10 s."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), 10)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection inside a transaction; it commits when the block ends without an error."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    async def check(self) -> None:
        """Raise unless the server answers."""
        async with self.pool.acquire(timeout=3) as connection:
            await connection.execute("SELECT 1")


async def _nothing_to_reset(_: Any) -> None:
    """Nobody changes a session of the pool beyond his transaction: spare each use a further query."""


async def _json_codecs(connection: Any) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
