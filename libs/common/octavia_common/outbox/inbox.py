"""The inbox: which events a consumer has had its effect from."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID


async def keep_unseen(connection: Any, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Record `event_ids` for `consumer` and return those that were not there before.

    Must run in the transaction of the effect: both stand or neither does. A concurrent transaction
    with the same id is waited for.
    """
    # In id order, so that two transactions with the same events never wait for each other.
    rows = await connection.fetch(
        """
        INSERT INTO inbox (consumer, event_id)
        SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
        ON CONFLICT DO NOTHING
        RETURNING event_id
        """,
        consumer,
        list(dict.fromkeys(event_ids)),
    )
    return {row["event_id"] for row in rows}


async def prune(connection: Any, *, days: int, limit: int = 5000) -> int:
    """Forget at most `limit` events older than `days`, which Kafka itself keeps no longer."""
    rows = await connection.fetch(
        """
        DELETE FROM inbox WHERE ctid IN (
            SELECT ctid FROM inbox WHERE received_at < clock_timestamp() - make_interval(days => $1)
            LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
        """,
        days,
        limit,
    )
    return len(rows)
