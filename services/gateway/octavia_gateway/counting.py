"""How many of something one user may have: counted and added to by one transaction at a time."""

from uuid import UUID

from octavia_gateway.database import Connection


async def count_alone(connection: Connection, user_id: UUID, what: str) -> None:
    """Until the transaction ends nobody else counts this user's `what`: two that come at once cannot both be
    the last."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{what} {user_id}")
