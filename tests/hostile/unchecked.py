"""The gateway with its own ownership checks off, so that row level security stands alone.

What asks for an owner in a request is the predicate `user_id = $n` of its statements. Here each such
predicate becomes `($n::uuid IS NOT NULL)`, which is always true, in every statement of a user's transaction
on its way to the server. With `bypass_row_security` these transactions also keep the service's own role,
which sees all rows: then foreign rows must come to light, or the predicates were not really off.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from octavia_gateway import database as gateway_database
from octavia_gateway.database import GatewayDatabase

_OWNER = re.compile(r"(?<![\w.])(?:\w+\.)?user_id\s*=\s*(\$\d+)(?:::uuid)?(?!\w)")
_STATEMENTS = frozenset(
    {"execute", "executemany", "fetch", "fetchrow", "fetchval", "fetchmany", "cursor", "prepare"}
)


class Unchecked:
    """A connection whose statements forget whom they ask for. `removed` counts the predicates taken out."""

    removed = 0

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in _STATEMENTS:
            return found

        def run(query: str, *arguments: Any, **options: Any) -> Any:
            return found(without_owner(query), *arguments, **options)

        return run


def without_owner(query: str) -> str:
    """The statement without its ownership predicates."""
    if query.lstrip().upper().startswith("INSERT"):
        return query
    changed, count = _OWNER.subn(r"(\1::uuid IS NOT NULL)", query)
    Unchecked.removed += count
    return changed


def switch_off_checks(patch: pytest.MonkeyPatch, *, bypass_row_security: bool) -> None:
    """From here on no transaction of a user asks for its owner."""
    transaction, bind = GatewayDatabase.user_transaction, gateway_database.bind
    Unchecked.removed = 0

    @asynccontextmanager
    async def unchecked(self: GatewayDatabase, user_id: UUID) -> AsyncIterator[Any]:
        async with transaction(self, user_id) as connection:
            yield Unchecked(connection)

    async def bind_nobody(connection: Any, user_id: UUID) -> None:
        await connection.execute("SELECT set_config('app.user_id', $1, true)", str(user_id))

    patch.setattr(GatewayDatabase, "user_transaction", unchecked)
    patch.setattr(gateway_database, "bind", bind_nobody if bypass_row_security else bind)
