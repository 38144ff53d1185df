"""The SQL of what waits for review. Every function works on the caller's connection and never commits."""

from collections.abc import Sequence
from uuid import UUID

from octavia_common.events import ArtifactRef, ChunkHeld

from octavia_gateway.database import Connection


class HeldChunksRepository:
    """Which documents of which runs wait. `user_id` is asked for beside row level security."""

    async def of(
        self, connection: Connection, user_id: UUID, hold_id: UUID, language: str
    ) -> list[tuple[int, ArtifactRef]]:
        """Index and document of each chunk of a run that waits in `language` ('': as it was heard)."""
        rows = await connection.fetch(
            "SELECT chunk_index, document FROM held_chunks "
            "WHERE user_id = $1 AND hold_id = $2 AND language = $3 ORDER BY chunk_index",
            user_id,
            hold_id,
            language,
        )
        return [(row["chunk_index"], ArtifactRef.model_validate(row["document"])) for row in rows]

    # As the service itself.

    async def add(self, connection: Connection, held: Sequence[ChunkHeld]) -> None:
        """Note what waits, of runs that jobs have in hand; what is known stays as it is."""
        await connection.execute(
            """
            INSERT INTO held_chunks (hold_id, chunk_index, language, job_id, user_id, document)
            SELECT new.hold_id, new.chunk_index, new.language, jobs.job_id, jobs.user_id, new.document
            FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::jsonb[])
                AS new (job_id, hold_id, chunk_index, language, document)
            JOIN jobs ON jobs.job_id = new.job_id AND jobs.hold_id = new.hold_id
            ON CONFLICT DO NOTHING
            """,
            [event.job.job_id for event in held],
            [event.job.hold_id for event in held],
            [event.chunk.index for event in held],
            [event.target_language or "" for event in held],
            [document_of(event).model_dump(mode="json") for event in held],
        )

    async def forget(self, connection: Connection, job_id: UUID) -> None:
        """Nothing of the job waits any more."""
        await connection.execute("DELETE FROM held_chunks WHERE job_id = $1", job_id)


def document_of(event: ChunkHeld) -> ArtifactRef:
    """What waits. Raises ValueError where the event names neither document."""
    document = event.translation or event.transcript
    if document is None:
        raise ValueError("a chunk is held without a document")
    return document
