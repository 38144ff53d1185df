"""The lock between whoever begins work on a user's artifacts and whoever removes some.

A job that begins finds what earlier jobs made by its content's address, whichever job made it; the
gateway learns of that only later, by events. So objects are removed only while no job of their owner is
at work, and none may begin meanwhile.
"""

from uuid import UUID

from octavia_gateway.database import Connection

_LOCKS = 0x6F637461
"""The class of these advisory locks in the database ("octa")."""

JOB_AT_WORK = "status IN ('queued', 'processing', 'review')"
VIDEO_AT_WORK = "status IN ('pending', 'processing')"
RENDER_AT_WORK = "status = 'rendering'"
EXPORT_AT_WORK = "status = 'making'"


def nobody_at_work(user: str, *, nor: str | None = None) -> str:
    """The SQL condition that no job, video, rendering or export of the user, an SQL expression, is at work.

    Where `nor` is given, there is none either for whose row, `busy`, that condition holds.
    """
    otherwise = f" OR {nor}" if nor else ""
    return f"""NOT EXISTS (
    SELECT 1 FROM jobs busy WHERE busy.user_id = {user} AND (busy.{JOB_AT_WORK}{otherwise}))
AND NOT EXISTS (
    SELECT 1 FROM videos busy WHERE busy.user_id = {user} AND (busy.{VIDEO_AT_WORK}{otherwise}))
AND NOT EXISTS (
    SELECT 1 FROM renders busy WHERE busy.user_id = {user} AND (busy.{RENDER_AT_WORK}{otherwise}))
AND NOT EXISTS (
    SELECT 1 FROM exports busy WHERE busy.user_id = {user} AND (busy.{EXPORT_AT_WORK}{otherwise}))"""  # noqa: S608


async def begin_using(connection: Connection, user_id: UUID) -> None:
    """Until the transaction ends no artifact of the user is removed; many may use at once."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1, hashtext($2))", _LOCKS, str(user_id))


async def nothing_in_use(connection: Connection, user_id: UUID) -> bool:
    """Whether no work of the user is under way; then none begins before the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCKS, str(user_id))
    return bool(await connection.fetchval(f"SELECT {nobody_at_work('$1')}", user_id))
