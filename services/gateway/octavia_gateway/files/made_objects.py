"""The list of objects made for jobs and videos (`job_artifacts`): what is deleted with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.retention.in_use import nobody_at_work


@dataclass(frozen=True)
class Makers:
    """A table of work that objects are made for: its name, its id, and when a row is gone."""

    table: str
    id: str
    gone: str


JOBS = Makers("jobs", "job_id", "deleted_at IS NOT NULL")
VIDEOS = Makers("videos", "video_id", "purged_at IS NOT NULL")


async def list_made(connection: Connection, found: Iterable[tuple[UUID, UUID, str]]) -> None:
    """Record (job or video, user, key) of objects, also of what was deleted; of unknown work, nothing."""
    rows = sorted(set(found))
    if not rows:
        return
    await connection.execute(
        """
        INSERT INTO job_artifacts (job_id, user_id, key)
        SELECT made.id, made.user_id, made.key
        FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS made (id, user_id, key)
        WHERE EXISTS (SELECT 1 FROM jobs WHERE job_id = made.id AND jobs.user_id = made.user_id)
           OR EXISTS (SELECT 1 FROM videos WHERE video_id = made.id AND videos.user_id = made.user_id)
        ON CONFLICT DO NOTHING
        """,
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
    )


async def lock_gone_with_objects(connection: Connection, makers: Makers) -> tuple[UUID, UUID] | None:
    """(user, id) of work that is gone and still lists objects, whose user has nothing at work, and that no
    other sweep has in hand."""
    table = makers.table
    row = await connection.fetchrow(
        f"""
        SELECT user_id, {makers.id} AS id FROM {table}
        WHERE {makers.gone}
          AND EXISTS (SELECT 1 FROM job_artifacts made WHERE made.job_id = {table}.{makers.id})
          AND {nobody_at_work(f"{table}.user_id")}
        ORDER BY random() LIMIT 1 FOR UPDATE OF {table} SKIP LOCKED
        """  # noqa: S608 - constants
    )
    return (row["user_id"], row["id"]) if row else None
