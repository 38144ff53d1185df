"""The SQL of batches: sums over jobs. Every function works on the caller's connection and never commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from octavia_gateway.batches.errors import BatchNotFoundError
from octavia_gateway.batches.models import Batch
from octavia_gateway.database import Connection
from octavia_gateway.jobs.states import JobStatus

_LOCKS = 0x62617463
"""The class of these advisory locks in the database ("batc")."""

_ENDED = ", ".join(f"'{status.value}'" for status in JobStatus if status.ended)

_SUMS = f"""
SELECT batch_id, user_id, min(created_at) AS created_at, jsonb_object_agg(status, count) AS counts,
       sum(done) AS done, sum(length) AS length, sum(quoted)::bigint AS quoted,
       sum(charged)::bigint AS charged, max(finished_at) AS finished_at
FROM (
    SELECT batch_id, user_id, status, count(*) AS count, min(created_at) AS created_at,
           sum(greatest(1, (spec->>'duration_seconds')::float)
               * CASE WHEN status IN ({_ENDED}) THEN 1000 ELSE progress_permille END) AS done,
           sum(greatest(1, (spec->>'duration_seconds')::float)) AS length,
           sum(quote_credits) AS quoted, sum(coalesce(charged, 0) + charged_before) AS charged,
           max(finished_at) AS finished_at
    FROM jobs WHERE deleted_at IS NULL AND {{which}}
    GROUP BY batch_id, user_id, status
) each_status
GROUP BY batch_id, user_id
"""  # noqa: S608 - constants


class BatchesRepository:
    """Reads batches. `user_id` is asked for beside row level security, not instead of it."""

    async def get(self, connection: Connection, user_id: UUID, batch_id: UUID) -> Batch:
        """The user's batch. Raises BatchNotFoundError (404)."""
        query = _SUMS.format(which="batch_id = $1 AND user_id = $2")
        row = await connection.fetchrow(query, batch_id, user_id)
        if row is None:
            raise BatchNotFoundError(batch_id)
        return _batch(row)

    async def get_with_seq(self, connection: Connection, user_id: UUID, batch_id: UUID) -> tuple[Batch, int]:
        """The batch and the number of the user's newest event, in one snapshot. Raises BatchNotFoundError."""
        query = _SUMS.format(which="batch_id = $1 AND user_id = $2")
        row = await connection.fetchrow(
            f"""
            SELECT batch.*, coalesce((SELECT last_seq FROM user_streams WHERE user_id = $2), 0) AS last_seq
            FROM ({query}) AS batch
            """,  # noqa: S608 - constants
            batch_id,
            user_id,
        )
        if row is None:
            raise BatchNotFoundError(batch_id)
        return _batch(row), int(row["last_seq"])

    async def page(
        self, connection: Connection, user_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Batch]:
        """The user's batches, newest first, from behind `before` on."""
        query = _SUMS.format(which="batch_id IS NOT NULL AND user_id = $1")
        rows = await connection.fetch(
            f"""
            SELECT * FROM ({query}) AS batch
            WHERE $2::timestamptz IS NULL OR (created_at, batch_id) < ($2, $3::uuid)
            ORDER BY created_at DESC, batch_id DESC LIMIT $4
            """,  # noqa: S608 - constants
            user_id,
            *(before or (None, None)),
            limit,
        )
        return [_batch(row) for row in rows]

    async def summed(self, connection: Connection, batch_ids: Collection[UUID]) -> Sequence[Batch]:
        """How batches stand, to be told of in this transaction, which has written its jobs already.

        One transaction at a time sums a batch, after the one before it has ended: so whoever is the last to
        end a job of it sees that all have ended. As the service.
        """
        for batch_id in sorted(batch_ids):
            await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCKS, str(batch_id))
        rows = await connection.fetch(_SUMS.format(which="batch_id = ANY($1::uuid[])"), list(batch_ids))
        return [_batch(row) for row in rows]

    async def job_ids(self, connection: Connection, user_id: UUID, batch_id: UUID) -> list[UUID]:
        """Its jobs, in the order in which they were asked for. Raises BatchNotFoundError (404)."""
        rows = await connection.fetch(
            "SELECT job_id FROM jobs WHERE batch_id = $1 AND user_id = $2 AND deleted_at IS NULL "
            "ORDER BY created_at DESC, job_id DESC",
            batch_id,
            user_id,
        )
        if not rows:
            raise BatchNotFoundError(batch_id)
        return [row["job_id"] for row in rows]


def _batch(row: Any) -> Batch:
    counts = {JobStatus(status): count for status, count in row["counts"].items()}
    return Batch(
        batch_id=row["batch_id"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        counts=counts,
        permille=int(row["done"] / row["length"]),
        quote_credits=row["quoted"],
        charged=row["charged"],
        finished_at=row["finished_at"] if all(status.ended for status in counts) else None,
    )
