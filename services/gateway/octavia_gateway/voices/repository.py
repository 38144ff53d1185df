"""The SQL of remembered speakers. Every function works on the caller's connection and never commits."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from octavia_gateway.database import Connection

MOST_KEPT = 200
"""People a user remembers; whoever was used longest ago makes room."""


class SpeakersRepository:
    """Voices by name, whatever its case. `user_id` is asked for beside row level security."""

    async def all_of(self, connection: Connection, user_id: UUID) -> dict[str, str]:
        """The user's, by name as it was written last."""
        rows = await connection.fetch(
            "SELECT name, voice FROM remembered_speakers WHERE user_id = $1 ORDER BY name_key", user_id
        )
        return {row["name"]: row["voice"] for row in rows}

    async def called(self, connection: Connection, user_id: UUID, names: Iterable[str]) -> dict[str, str]:
        """Voices of those of `names` that are remembered, by the name asked for."""
        keys = {name: name.casefold() for name in names}
        rows = await connection.fetch(
            "SELECT name_key, voice FROM remembered_speakers WHERE user_id = $1 AND name_key = ANY($2)",
            user_id,
            list(keys.values()),
        )
        known = {row["name_key"]: row["voice"] for row in rows}
        return {name: known[key] for name, key in keys.items() if key in known}

    async def remember(
        self, connection: Connection, user_id: UUID, voices: Mapping[str, str], *, at: datetime
    ) -> None:
        """Keep voices by name, in place of what was kept for these names."""
        await connection.executemany(
            """
            INSERT INTO remembered_speakers (user_id, name_key, name, voice, updated_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (user_id, name_key)
            DO UPDATE SET name = excluded.name, voice = excluded.voice, updated_at = excluded.updated_at
            """,
            [(user_id, name.casefold(), name, voice, at) for name, voice in sorted(voices.items())],
        )
        await connection.execute(
            """
            DELETE FROM remembered_speakers WHERE user_id = $1 AND name_key IN (
                SELECT name_key FROM remembered_speakers WHERE user_id = $1
                ORDER BY updated_at DESC, name_key OFFSET $2)
            """,
            user_id,
            MOST_KEPT,
        )

    async def forget_all_but(self, connection: Connection, user_id: UUID, names: Iterable[str]) -> None:
        """Forget whoever is not among `names`."""
        await connection.execute(
            "DELETE FROM remembered_speakers WHERE user_id = $1 AND NOT name_key = ANY($2)",
            user_id,
            [name.casefold() for name in names],
        )
