"""The SQL of what engines can do, as the services told."""

from datetime import datetime

from octavia_common.events import EnginePublished

from octavia_gateway.capabilities.models import Told
from octavia_gateway.database import Connection


class EnginesRepository:
    """One row a kind of engine, which every user may read."""

    async def all(self, connection: Connection) -> Told:
        """The engine of each kind that was told of, and when."""
        rows = await connection.fetch("SELECT engine, published_at FROM engines ORDER BY kind")
        return Told(
            tuple(EnginePublished.model_validate(row["engine"]) for row in rows),
            tuple(row["published_at"] for row in rows),
        )

    async def times(self, connection: Connection) -> tuple[datetime, ...]:
        """When each was told of, in the order of `all`: an engine that is told of again has another time."""
        rows = await connection.fetch("SELECT published_at FROM engines ORDER BY kind")
        return tuple(row["published_at"] for row in rows)

    async def put(self, connection: Connection, engine: EnginePublished, *, published_at: datetime) -> None:
        """Keep `engine`, unless one of its kind that was published later is there."""
        await connection.execute(
            """
            INSERT INTO engines (kind, engine, published_at) VALUES ($1, $2, $3)
            ON CONFLICT (kind) DO UPDATE SET engine = excluded.engine, published_at = excluded.published_at
            WHERE engines.published_at <= excluded.published_at
            """,
            engine.kind,
            engine.model_dump(mode="json"),
            published_at,
        )
