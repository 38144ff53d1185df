"""The provider's limits, kept by all replicas together."""

from datetime import datetime

from octavia_videogen.domain.rate import RateLimit, free, take
from octavia_videogen.repositories import Connection


class RateRepository:
    """The table `rate`: its row is the lock that makes replicas take turns."""

    async def take(self, connection: Connection, bucket: str, limit: RateLimit) -> datetime | None:
        """Take one request within the transaction; None where it may be sent now, else when that is."""
        await connection.execute("INSERT INTO rate (bucket) VALUES ($1) ON CONFLICT DO NOTHING", bucket)
        row = await connection.fetchrow("SELECT uses FROM rate WHERE bucket = $1 FOR UPDATE", bucket)
        # After the lock: who waited for it reads a clock that is later than what the other has written.
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        taken = take(limit, row["uses"], now)
        if not taken.granted:
            return taken.free_at
        await connection.execute("UPDATE rate SET uses = $2 WHERE bucket = $1", bucket, list(taken.uses))
        return None

    async def free(self, connection: Connection, bucket: str, limit: RateLimit) -> tuple[int, float]:
        """How many requests may be sent now, and where none may, in how many seconds the next one may be."""
        row = await connection.fetchrow(
            "SELECT uses, clock_timestamp() AS now FROM rate WHERE bucket = $1", bucket
        )
        return free(limit, row["uses"], row["now"]) if row is not None else (limit.most, 0.0)
