"""The SQL of API keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from octavia_gateway.database import Connection


class ApiKeysRepository:
    """Reads and writes API keys."""

    async def add(
        self, connection: Connection, *, key_id: UUID, user_id: UUID, name: str, hint: str, key_hash: bytes
    ) -> datetime:
        """Store a key; returns when."""
        created: datetime = await connection.fetchval(
            "INSERT INTO api_keys (key_id, user_id, name, hint, key_hash) VALUES ($1, $2, $3, $4, $5) "
            "RETURNING created_at",
            key_id,
            user_id,
            name,
            hint,
            key_hash,
        )
        return created

    async def count(self, connection: Connection, user_id: UUID) -> int:
        """How many keys the user has."""
        return int(await connection.fetchval("SELECT count(*) FROM api_keys WHERE user_id = $1", user_id))

    async def all_of(self, connection: Connection, user_id: UUID) -> Sequence[asyncpg.Record]:
        """The user's keys, newest first."""
        return await connection.fetch(
            "SELECT key_id, name, hint, created_at, last_used_at FROM api_keys WHERE user_id = $1 "
            "ORDER BY created_at DESC, key_id",
            user_id,
        )

    async def delete(self, connection: Connection, user_id: UUID, key_id: UUID) -> bool:
        """Remove a key; whether there was one."""
        found = await connection.fetchval(
            "DELETE FROM api_keys WHERE user_id = $1 AND key_id = $2 RETURNING 1", user_id, key_id
        )
        return found is not None

    async def use(self, connection: Connection, key_hash: bytes) -> Any | None:
        """The owner (user_id, email, is_admin) and id of a key, whose use is noted once a minute at most."""
        row = await connection.fetchrow(
            """
            SELECT u.user_id, u.email, u.is_admin, k.key_id,
                   coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true) AS stale
            FROM api_keys k JOIN users u USING (user_id) WHERE k.key_hash = $1
            """,
            key_hash,
        )
        if row is not None and row["stale"]:
            await connection.execute(
                "UPDATE api_keys SET last_used_at = clock_timestamp() WHERE key_id = $1", row["key_id"]
            )
        return row
