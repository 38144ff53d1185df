"""Removes the objects that a job left in the store."""

from uuid import UUID

from octavia_common.artifacts import ArtifactStore, upload_key

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.retention.in_use import nothing_in_use

BATCH = 500
"""Keys of one transaction: a job of an hour has some thousands."""

_NEXT_KEYS = """
SELECT key, EXISTS (SELECT 1 FROM job_artifacts other
                    WHERE other.user_id = $1 AND other.key = mine.key AND other.job_id <> $2) AS shared
FROM job_artifacts mine WHERE user_id = $1 AND job_id = $2 ORDER BY key LIMIT $3
"""


async def delete_job_objects(
    database: GatewayDatabase, store: ArtifactStore, user_id: UUID, job_id: UUID
) -> bool:
    """Deletes what is listed for the job in `job_artifacts` and that no other job of the user lists.

    Uploads are not the job's: one stays for as long as its file has a row. Objects go before their
    rows, so a call that failed is simply made again. False, and the rest stays, while any job of the user
    is at work: it may be about to use what this one made (see `retention.in_use`).
    """
    while True:
        async with database.service_transaction() as connection:
            if not await nothing_in_use(connection, user_id):
                return False
            rows = await connection.fetch(_NEXT_KEYS, user_id, job_id, BATCH)
            if not rows:
                return True
            kept = await _uploads_in_use(connection, user_id)
            await store.delete([row["key"] for row in rows if not row["shared"] and row["key"] not in kept])
            await connection.execute(
                "DELETE FROM job_artifacts WHERE user_id = $1 AND job_id = $2 AND key = ANY($3)",
                user_id,
                job_id,
                [row["key"] for row in rows],
            )


async def _uploads_in_use(connection: Connection, user_id: UUID) -> frozenset[str]:
    rows = await connection.fetch("SELECT file_id FROM files WHERE user_id = $1", user_id)
    return frozenset(upload_key(user_id, row["file_id"]) for row in rows)
