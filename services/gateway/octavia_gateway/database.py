"""Who a statement runs as: the service itself, or one user behind row level security."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from octavia_common.events import EventData

if TYPE_CHECKING:
    from octavia_common.database import Database
    from octavia_common.outbox.outbox import Outbox

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

TENANT_ROLE = "octavia_gateway_tenant"
"""Owns no table, so row level security binds it; migration 0101 makes it."""


class GatewayDatabase:
    """Transactions of the gateway.

    `service_transaction` sees every row: sign-in, projection, sweeps. `user_transaction` sees the
    rows of one user only, whatever the query says.
    """

    def __init__(self, database: "Database", outbox: "Outbox") -> None:
        self._database = database
        self._outbox = outbox

    @asynccontextmanager
    async def service_transaction(self) -> AsyncIterator[Connection]:
        """A transaction as the service itself."""
        async with self._database.transaction() as connection:
            yield connection

    @asynccontextmanager
    async def service_connection(self) -> AsyncIterator[Connection]:
        """A connection as the service, without a transaction: for single statements, one round trip each."""
        async with self._database.pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def user_transaction(self, user_id: UUID) -> AsyncIterator[Connection]:
        """A transaction bound to one user by row level security."""
        async with self._database.transaction() as connection:
            await bind(connection, user_id)
            yield connection

    @asynccontextmanager
    async def as_service(self, connection: Connection, user_id: UUID) -> AsyncIterator[None]:
        """Within a transaction of `user_id`: for the block, see and write what is no user's (the outbox,
        the event log); then be bound to the user again."""
        await connection.execute("SELECT set_config('role', 'none', true)")
        yield
        await bind(connection, user_id)

    async def add_events(self, connection: Connection, events: Sequence[EventData]) -> None:
        """Put events into the outbox, in a transaction of the service."""
        await self._outbox.add(connection, events)


async def bind(connection: Connection, user_id: UUID) -> None:
    """Bind the rest of the transaction to `user_id`."""
    await connection.execute(
        "SELECT set_config('app.user_id', $1, true), set_config('role', $2, true)", str(user_id), TENANT_ROLE
    )
