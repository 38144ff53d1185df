"""The window's tables. Every call runs on the caller's connection, inside its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from octavia_common.documents import PlannedChunk
from octavia_common.events import JobRef


@dataclass(frozen=True)
class OpenedWindow:
    """A job whose chunks are to be let out."""

    job: JobRef
    source_language: str
    target_languages: tuple[str, ...]
    model_size: str | None
    chunks: tuple[PlannedChunk, ...]


@dataclass(frozen=True)
class Turn:
    """A chunk whose turn has come."""

    job: JobRef
    source_language: str
    target_languages: tuple[str, ...]
    model_size: str | None
    planned: PlannedChunk


class WindowRepository:
    """Which chunks of which jobs wait, are in the stages, or are through (then they have no row)."""

    async def open(self, connection: Any, windows: Sequence[OpenedWindow]) -> None:
        """Add jobs and all their chunks, waiting. A job that is known already stays as it is."""
        await connection.execute(
            """
            INSERT INTO windows (hold_id, job, source_language, target_languages, model_size, deadline_at)
            SELECT hold_id, job, source_language, ARRAY(SELECT jsonb_array_elements_text(languages -> 'all')),
                   model_size, deadline_at
            FROM unnest($1::uuid[], $2::jsonb[], $3::text[], $4::jsonb[], $5::text[], $6::timestamptz[])
                AS new (hold_id, job, source_language, languages, model_size, deadline_at)
            ORDER BY hold_id
            ON CONFLICT DO NOTHING
            """,
            [window.job.hold_id for window in windows],
            [window.job.model_dump(mode="json") for window in windows],
            [window.source_language for window in windows],
            [{"all": list(window.target_languages)} for window in windows],
            [window.model_size for window in windows],
            [window.job.deadline_at for window in windows],
        )
        chunks = [(window, planned) for window in windows for planned in window.chunks]
        await connection.execute(
            """
            INSERT INTO window_chunks (hold_id, chunk_index, planned, awaiting)
            SELECT new.hold_id, new.chunk_index, new.planned, windows.target_languages
            FROM unnest($1::uuid[], $2::integer[], $3::jsonb[]) AS new (hold_id, chunk_index, planned)
            JOIN windows USING (hold_id)
            ON CONFLICT DO NOTHING
            """,
            [window.job.hold_id for window, _ in chunks],
            [planned.chunk.index for _, planned in chunks],
            [planned.model_dump(mode="json") for _, planned in chunks],
        )

    async def finish(self, connection: Any, units: Mapping[tuple[UUID, int], Sequence[str]]) -> None:
        """Note the languages in which chunks, by hold and index, have come out of the last stage.

        Chunks through in all languages, and jobs without further chunks, are forgotten. Said twice,
        or of a job that is not there, it changes nothing.
        """
        holds = sorted({hold_id for hold_id, _ in units})
        # One at a time a job, in the order of ids: no two transactions wait for each other.
        await connection.execute(
            "SELECT 1 FROM windows WHERE hold_id = ANY($1::uuid[]) ORDER BY hold_id FOR UPDATE", holds
        )
        flat = [(hold, index, name) for (hold, index), names in units.items() for name in names]
        await connection.execute(
            """
            UPDATE window_chunks AS chunk
            SET awaiting = ARRAY(
                SELECT language FROM unnest(chunk.awaiting) AS language
                WHERE language <> ALL (done.languages)
            )
            FROM (
                SELECT hold_id, chunk_index, array_agg(language) AS languages
                FROM unnest($1::uuid[], $2::integer[], $3::text[]) AS unit (hold_id, chunk_index, language)
                GROUP BY hold_id, chunk_index
            ) AS done
            WHERE chunk.hold_id = done.hold_id AND chunk.chunk_index = done.chunk_index
            """,
            [hold for hold, _, _ in flat],
            [index for _, index, _ in flat],
            [name for _, _, name in flat],
        )
        await connection.execute(
            "DELETE FROM window_chunks WHERE hold_id = ANY($1::uuid[]) AND awaiting = '{}'", holds
        )
        await connection.execute(
            """
            DELETE FROM windows WHERE hold_id = ANY($1::uuid[])
                AND NOT EXISTS (SELECT FROM window_chunks WHERE window_chunks.hold_id = windows.hold_id)
            """,
            holds,
        )

    async def release(self, connection: Any, holds: Sequence[UUID], *, size: int) -> list[Turn]:
        """Let out the next chunks of these jobs until `size` of each are in the stages."""
        rows = await connection.fetch(
            """
            WITH inside AS (
                SELECT hold_id, count(*) FILTER (WHERE released) AS chunks
                FROM window_chunks WHERE hold_id = ANY($1::uuid[]) GROUP BY hold_id
            ), queue AS (
                SELECT hold_id, chunk_index,
                       row_number() OVER (PARTITION BY hold_id ORDER BY chunk_index) AS place
                FROM window_chunks WHERE hold_id = ANY($1::uuid[]) AND NOT released
            ), let_out AS (
                UPDATE window_chunks AS chunk SET released = true
                FROM queue JOIN inside USING (hold_id)
                WHERE chunk.hold_id = queue.hold_id AND chunk.chunk_index = queue.chunk_index
                    AND queue.place <= $2::integer - inside.chunks
                RETURNING chunk.hold_id, chunk.chunk_index, chunk.planned
            )
            SELECT job, source_language, target_languages, model_size, planned
            FROM let_out JOIN windows USING (hold_id)
            ORDER BY hold_id, chunk_index
            """,
            list(holds),
            size,
        )
        return [
            Turn(
                job=JobRef.model_validate(row["job"]),
                source_language=row["source_language"],
                target_languages=tuple(row["target_languages"]),
                model_size=row["model_size"],
                planned=PlannedChunk.model_validate(row["planned"]),
            )
            for row in rows
        ]

    async def close(self, connection: Any, holds: Sequence[UUID]) -> None:
        """Forget jobs that have ended."""
        await connection.execute(
            """
            DELETE FROM windows WHERE hold_id IN (
                SELECT hold_id FROM windows WHERE hold_id = ANY($1::uuid[]) ORDER BY hold_id FOR UPDATE
            )
            """,
            list(holds),
        )

    async def forget_overdue(self, connection: Any, *, limit: int = 100) -> None:
        """Forget jobs an hour past their deadline: nobody tells of those that ended before they opened."""
        await connection.execute(
            """
            DELETE FROM windows WHERE hold_id IN (
                SELECT hold_id FROM windows WHERE deadline_at < now() - interval '1 hour'
                LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            """,
            limit,
        )
