"""The window's tables. Every call runs on the caller's connection, inside its transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from octavia_common.documents import PlannedChunk
from octavia_common.events import ArtifactRef, JobOptions, JobRef

LEAST_SHARE = 2
"""Units that every user may have in the stages, however many users there are: one worked on, one ready."""


@dataclass(frozen=True)
class OpenedWindow:
    """A job whose chunks are to be let out; `released` says that a review has let them out again."""

    job: JobRef
    source_language: str
    target_languages: tuple[str, ...]
    model_size: str | None
    chunks: tuple[PlannedChunk, ...]
    options: JobOptions
    voices: ArtifactRef | None
    written: bool = False
    released: bool = False


@dataclass(frozen=True)
class Turn:
    """A chunk whose turn has come."""

    job: JobRef
    source_language: str
    target_languages: tuple[str, ...]
    model_size: str | None
    planned: PlannedChunk
    options: JobOptions
    voices: ArtifactRef | None
    written: bool = False


class WindowRepository:
    """Which chunks of which jobs wait, are in the stages, or are through (then they have no row)."""

    async def lock(self, connection: Any, users: Collection[UUID]) -> None:
        """One transaction at a time for each of these users; it comes before all else here."""
        await connection.execute(
            """
            SELECT pg_advisory_xact_lock(hashtext('transcriber.windows'), key)
            FROM (SELECT DISTINCT hashtext(id::text) AS key FROM unnest($1::uuid[]) AS id ORDER BY 1) AS keys
            """,
            list(users),
        )

    async def open(self, connection: Any, windows: Sequence[OpenedWindow]) -> None:
        """Add jobs and all their chunks, waiting. One that is known already, or has ended, stays as it is;
        but where a review has released it, what is left of its first window gives way."""
        await connection.execute(
            "DELETE FROM windows WHERE hold_id = ANY($1::uuid[]) AND NOT reviewed",
            [window.job.hold_id for window in windows if window.released],
        )
        await connection.execute(
            """
            INSERT INTO windows (hold_id, user_id, job, source_language, target_languages, model_size,
                                 deadline_at, units, options, voices, written, reviewed)
            SELECT hold_id, (job ->> 'user_id')::uuid, job, source_language,
                   ARRAY(SELECT jsonb_array_elements_text(languages -> 'all')),
                   model_size, deadline_at, units, options, voices, written, reviewed
            FROM unnest($1::uuid[], $2::jsonb[], $3::text[], $4::jsonb[], $5::text[], $6::timestamptz[],
                        $7::integer[], $8::jsonb[], $9::jsonb[], $10::boolean[], $11::boolean[])
                AS new (hold_id, job, source_language, languages, model_size, deadline_at, units,
                        options, voices, written, reviewed)
            WHERE NOT EXISTS (SELECT FROM windows_closed WHERE windows_closed.hold_id = new.hold_id)
            ORDER BY hold_id
            ON CONFLICT DO NOTHING
            """,
            [window.job.hold_id for window in windows],
            [window.job.model_dump(mode="json") for window in windows],
            [window.source_language for window in windows],
            [{"all": list(window.target_languages)} for window in windows],
            [window.model_size for window in windows],
            [window.job.deadline_at for window in windows],
            [len(window.chunks) * len(window.target_languages) for window in windows],
            [window.options.model_dump(mode="json") for window in windows],
            [window.voices.model_dump(mode="json") if window.voices else None for window in windows],
            [window.written for window in windows],
            [window.released for window in windows],
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
        await self._forget_finished(connection, holds)

    async def hold(self, connection: Any, units: Mapping[tuple[UUID, int], Sequence[str | None]]) -> None:
        """Note the languages (None: all) in which chunks wait for a review: they take no room meanwhile.

        Told late, of a job that was released since, it changes nothing.
        """
        flat = [(hold, index, name) for (hold, index), names in units.items() for name in names]
        rows = await connection.fetch(
            """
            SELECT unit.hold_id, unit.chunk_index, wanted.language
            FROM unnest($1::uuid[], $2::integer[], $3::text[]) AS unit (hold_id, chunk_index, language)
            JOIN windows ON windows.hold_id = unit.hold_id AND NOT windows.reviewed
            CROSS JOIN LATERAL unnest(windows.target_languages) AS wanted (language)
            WHERE unit.language IS NULL OR unit.language = wanted.language
            """,
            [hold for hold, _, _ in flat],
            [index for _, index, _ in flat],
            [name for _, _, name in flat],
        )
        waiting: dict[tuple[UUID, int], list[str]] = {}
        for row in rows:
            waiting.setdefault((row["hold_id"], row["chunk_index"]), []).append(row["language"])
        await self.finish(connection, waiting)

    async def drop(self, connection: Any, failed: Sequence[tuple[UUID, str]]) -> None:
        """Await nothing more of these languages of these jobs, and let no more chunks out for them."""
        holds = [hold_id for hold_id, _ in failed]
        languages = [language for _, language in failed]
        for table, column in (("windows", "target_languages"), ("window_chunks", "awaiting")):
            await connection.execute(
                f"""
                UPDATE {table} AS each
                SET {column} = ARRAY(
                    SELECT language FROM unnest(each.{column}) AS language
                    WHERE language <> ALL (gone.languages)
                )
                FROM (
                    SELECT hold_id, array_agg(language) AS languages
                    FROM unnest($1::uuid[], $2::text[]) AS failed (hold_id, language) GROUP BY hold_id
                ) AS gone
                WHERE each.hold_id = gone.hold_id
                """,  # noqa: S608 - constants
                holds,
                languages,
            )
        await self._forget_finished(connection, sorted(set(holds)))

    async def _forget_finished(self, connection: Any, holds: Sequence[UUID]) -> None:
        """Forget chunks awaited in no language, and jobs without further chunks; count what is left."""
        await connection.execute(
            "DELETE FROM window_chunks WHERE hold_id = ANY($1::uuid[]) AND awaiting = '{}'", holds
        )
        await connection.execute(
            """
            WITH left_over AS (
                SELECT hold_id, sum(cardinality(awaiting)) AS units
                FROM window_chunks WHERE hold_id = ANY($1::uuid[]) GROUP BY hold_id
            ), counted AS (
                UPDATE windows SET units = left_over.units FROM left_over
                WHERE windows.hold_id = left_over.hold_id
            )
            DELETE FROM windows WHERE hold_id = ANY($1::uuid[])
                AND NOT EXISTS (SELECT FROM left_over WHERE left_over.hold_id = windows.hold_id)
            """,
            holds,
        )

    async def release(self, connection: Any, users: Collection[UUID], *, units: int) -> list[Turn]:
        """Let out the next chunks of these users' jobs, up to each user's fair share of `units`.

        The share is max-min fair: users who want less than an equal part get what they want, and what they
        leave is shared out equally among the others; nobody's is below `LEAST_SHARE`. Among one user's jobs
        the one with the least in the stages is next. A chunk larger than the whole share goes alone.
        """
        rows = await connection.fetch(
            """
            WITH demand AS (
                SELECT user_id, sum(units) AS wanted FROM windows GROUP BY user_id
            ), levels AS (
                -- What would be left for each if all who want less were served, from the least demand up.
                SELECT wanted,
                       ($2::numeric - coalesce(sum(wanted) OVER ahead, 0))
                           / (count(*) OVER () - count(*) OVER ahead) AS level
                FROM demand
                WINDOW ahead AS (ORDER BY wanted, user_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            ), share AS (
                SELECT greatest($3::numeric, coalesce(max(level) FILTER (WHERE level <= wanted), $2)) AS units
                FROM levels
            ), chunks AS (
                SELECT user_id, hold_id, chunk_index, released, cardinality(awaiting) AS units,
                       sum(cardinality(awaiting)) OVER (
                           PARTITION BY hold_id ORDER BY released DESC, chunk_index
                       ) AS turn
                FROM windows JOIN window_chunks USING (hold_id) WHERE user_id = ANY($1::uuid[])
            ), queue AS (
                SELECT *, sum(units) OVER line AS inside, row_number() OVER line AS place
                FROM chunks
                WINDOW line AS (
                    PARTITION BY user_id ORDER BY released DESC, turn, hold_id, chunk_index
                    ROWS UNBOUNDED PRECEDING
                )
            ), let_out AS (
                UPDATE window_chunks AS chunk SET released = true
                FROM queue, share
                WHERE chunk.hold_id = queue.hold_id AND chunk.chunk_index = queue.chunk_index
                    AND NOT queue.released AND (queue.inside <= share.units OR queue.place = 1)
                RETURNING chunk.hold_id, chunk.chunk_index, chunk.planned, queue.inside
            )
            SELECT job, source_language, target_languages, model_size, planned, options, voices, written
            FROM let_out JOIN windows USING (hold_id)
            ORDER BY inside, hold_id
            """,
            list(users),
            units,
            LEAST_SHARE,
        )
        return [
            Turn(
                job=JobRef.model_validate(row["job"]),
                source_language=row["source_language"],
                target_languages=tuple(row["target_languages"]),
                model_size=row["model_size"],
                planned=PlannedChunk.model_validate(row["planned"]),
                options=JobOptions.model_validate(row["options"]),
                voices=ArtifactRef.model_validate(row["voices"]) if row["voices"] else None,
                written=row["written"],
            )
            for row in rows
        ]

    async def close(self, connection: Any, holds: Collection[UUID]) -> None:
        """Forget jobs that were given up or called off, also those whose plan has yet to come."""
        await connection.execute("DELETE FROM windows WHERE hold_id = ANY($1::uuid[])", list(holds))
        await connection.execute(
            "INSERT INTO windows_closed (hold_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING",
            list(holds),
        )

    async def forget_overdue(self, connection: Any, *, limit: int = 100) -> None:
        """Forget jobs an hour past their deadline, and what ended longer ago than any plan can be late."""
        await connection.execute(
            """
            WITH closed AS (
                DELETE FROM windows_closed WHERE hold_id IN (
                    SELECT hold_id FROM windows_closed WHERE closed_at < now() - interval '8 days'
                    LIMIT $1 FOR UPDATE SKIP LOCKED
                )
            )
            DELETE FROM windows WHERE hold_id IN (
                SELECT hold_id FROM windows WHERE deadline_at < now() - interval '1 hour'
                LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            """,
            limit,
        )
