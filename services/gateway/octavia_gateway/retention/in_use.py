"""The lock between whoever begins work on a user's artifacts and whoever removes some.

A job that begins finds what earlier jobs made by its content's address, whichever job made it; the
gateway learns of that only later, by events. So objects are removed only while no job of their owner is
at work, and none may begin meanwhile.
"""

from uuid import UUID

from octavia_gateway.database import Connection

_LOCKS = 0x6F637461
"""The class of these advisory locks in the database ("octa")."""


async def begin_using(connection: Connection, user_id: UUID) -> None:
    """Until the transaction ends no artifact of the user is removed; many may use at once."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1, hashtext($2))", _LOCKS, str(user_id))


async def nothing_in_use(connection: Connection, user_id: UUID) -> bool:
    """Whether no job or video of the user is at work; then none begins before the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCKS, str(user_id))
    return not await connection.fetchval(
        """
        SELECT EXISTS (SELECT 1 FROM jobs WHERE user_id = $1 AND status IN ('queued', 'processing'))
            OR EXISTS (SELECT 1 FROM videos WHERE user_id = $1 AND status IN ('pending', 'processing'))
        """,
        user_id,
    )
