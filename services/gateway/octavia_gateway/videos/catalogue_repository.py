"""The SQL of what can be asked for, as videogen told."""

from datetime import datetime

from octavia_common.events import VideoModelsPublished

from octavia_gateway.database import Connection


class CatalogueRepository:
    """One row, which every user may read."""

    async def get(self, connection: Connection) -> VideoModelsPublished | None:
        """What can be asked for, or None before anybody has said so."""
        found = await connection.fetchval("SELECT catalogue FROM video_catalogue")
        return VideoModelsPublished.model_validate(found) if found is not None else None

    async def put(
        self, connection: Connection, catalogue: VideoModelsPublished, *, published_at: datetime
    ) -> None:
        """Keep `catalogue`, unless one that was published later is there."""
        await connection.execute(
            """
            INSERT INTO video_catalogue (catalogue, published_at) VALUES ($1, $2)
            ON CONFLICT (only_row) DO UPDATE
            SET catalogue = excluded.catalogue, published_at = excluded.published_at
            WHERE video_catalogue.published_at <= excluded.published_at
            """,
            catalogue.model_dump(mode="json"),
            published_at,
        )
