"""The SQL of lists of terms. Every function works on the caller's connection and never commits."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.glossaries.models import ListKind, TermList

_COLUMNS = "list_id, kind, name, always, terms, created_at, updated_at"


class TermListsRepository:
    """Lists of a user. `user_id` is asked for beside row level security."""

    async def add(self, connection: Connection, user_id: UUID, kept: TermList) -> None:
        """Store a new one."""
        await connection.execute(
            f"INSERT INTO term_lists (user_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",  # noqa: S608
            user_id,
            kept.list_id,
            kept.kind.value,
            kept.name,
            kept.always,
            list(kept.terms),
            kept.created_at,
            kept.updated_at,
        )

    async def replace(self, connection: Connection, user_id: UUID, kept: TermList) -> None:
        """Write what its owner may change."""
        await connection.execute(
            "UPDATE term_lists SET name = $3, always = $4, terms = $5, updated_at = $6 "
            "WHERE user_id = $1 AND list_id = $2",
            user_id,
            kept.list_id,
            kept.name,
            kept.always,
            list(kept.terms),
            kept.updated_at,
        )

    async def all_of(self, connection: Connection, user_id: UUID, kind: ListKind) -> list[TermList]:
        """The user's of a kind, oldest first."""
        rows = await connection.fetch(
            f"SELECT {_COLUMNS} FROM term_lists WHERE user_id = $1 AND kind = $2 "  # noqa: S608 - constants
            "ORDER BY created_at, list_id",
            user_id,
            kind.value,
        )
        return [_list(row) for row in rows]

    async def applied(
        self, connection: Connection, user_id: UUID, kind: ListKind, named: Collection[UUID]
    ) -> list[TermList]:
        """Those of a kind that always apply, and those named."""
        rows = await connection.fetch(
            f"SELECT {_COLUMNS} FROM term_lists "  # noqa: S608 - constants
            "WHERE user_id = $1 AND kind = $2 AND (always OR list_id = ANY($3::uuid[])) "
            "ORDER BY created_at, list_id",
            user_id,
            kind.value,
            list(named),
        )
        return [_list(row) for row in rows]

    async def get(
        self, connection: Connection, user_id: UUID, kind: ListKind, list_id: UUID, *, lock: bool = False
    ) -> TermList | None:
        """The user's list of that kind, locked where asked."""
        row = await connection.fetchrow(
            f"SELECT {_COLUMNS} FROM term_lists "  # noqa: S608 - constants
            f"WHERE user_id = $1 AND kind = $2 AND list_id = $3{' FOR UPDATE' if lock else ''}",
            user_id,
            kind.value,
            list_id,
        )
        return _list(row) if row else None

    async def delete(self, connection: Connection, user_id: UUID, kind: ListKind, list_id: UUID) -> bool:
        """Remove it; whether there was one."""
        found = await connection.fetchval(
            "DELETE FROM term_lists WHERE user_id = $1 AND kind = $2 AND list_id = $3 RETURNING 1",
            user_id,
            kind.value,
            list_id,
        )
        return found is not None


def _list(row: Any) -> TermList:
    return TermList(**{**row, "kind": ListKind(row["kind"])})
