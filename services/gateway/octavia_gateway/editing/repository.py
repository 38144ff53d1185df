"""The SQL of editing. Every function works on the caller's connection and never commits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from octavia_common.events import ArtifactRef, JobError
from pydantic import TypeAdapter

from octavia_gateway.database import Connection
from octavia_gateway.editing.changes import AnyChange
from octavia_gateway.editing.history import Revision
from octavia_gateway.editing.models import TRANSCRIPT, Edited, Render, RenderStatus, SpokenChunk, edited_of

_EDITED = "language, base, head, rendered, reviewed, first"

_CHANGES: TypeAdapter[tuple[AnyChange, ...]] = TypeAdapter(tuple[AnyChange, ...])


class EditingRepository:
    """Revisions and renderings. `user_id` is asked for beside row level security."""

    async def all_of(self, connection: Connection, user_id: UUID, job_id: UUID) -> dict[str, Edited]:
        """The job's languages that were ever edited, and its transcript if that was."""
        rows = await connection.fetch(
            f"SELECT {_EDITED} FROM edited_languages WHERE user_id = $1 AND job_id = $2",  # noqa: S608
            user_id,
            job_id,
        )
        return {row["language"]: _edited(row) for row in rows}

    async def begin(
        self, connection: Connection, user_id: UUID, job_id: UUID, language: str, base: ArtifactRef
    ) -> Edited:
        """The language, locked; from its first edit on it remembers what it began with."""
        edited = edited_of(await self.all_of(connection, user_id, job_id), language, base)
        await connection.execute(
            "INSERT INTO edited_languages (job_id, language, user_id, base, head, rendered, reviewed, first) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            job_id,
            language,
            user_id,
            edited.base.model_dump(mode="json"),
            edited.head,
            edited.rendered,
            edited.reviewed,
            edited.first,
        )
        row = await connection.fetchrow(
            f"SELECT {_EDITED} FROM edited_languages "  # noqa: S608
            "WHERE user_id = $1 AND job_id = $2 AND language = $3 FOR UPDATE",
            user_id,
            job_id,
            language,
        )
        return _edited(row)

    async def revisions(
        self, connection: Connection, user_id: UUID, job_id: UUID, language: str
    ) -> list[Revision]:
        """All revisions, from 1 on: those of the transcript, and those of the language."""
        rows = await connection.fetch(
            "SELECT revision, changes, back_to, created_at, translation, translation_error FROM revisions "
            "WHERE user_id = $1 AND job_id = $2 AND language = ANY($3::text[]) ORDER BY revision",
            user_id,
            job_id,
            [TRANSCRIPT, language],
        )
        return [
            Revision(
                row["revision"],
                _CHANGES.validate_python(row["changes"]),
                row["back_to"],
                row["created_at"],
                ArtifactRef.model_validate(row["translation"]) if row["translation"] else None,
                {} if row["translation_error"] else None,
            )
            for row in rows
        ]

    async def add(
        self,
        connection: Connection,
        user_id: UUID,
        job_id: UUID,
        language: str,
        revision: Revision,
        translation_hold: UUID | None = None,
    ) -> None:
        """One more revision, which is the newest now; the language must be locked.

        `translation_hold` names the run that translates lines of it anew.
        """
        await connection.execute(
            "INSERT INTO revisions (job_id, language, revision, user_id, changes, back_to, translation_hold) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            job_id,
            language,
            revision.number,
            user_id,
            _CHANGES.dump_python(revision.changes, mode="json"),
            revision.back_to,
            translation_hold,
        )
        await connection.execute(
            "UPDATE edited_languages SET head = $4 WHERE user_id = $1 AND job_id = $2 AND language = $3",
            user_id,
            job_id,
            language,
            revision.number,
        )

    async def newest_renders(self, connection: Connection, user_id: UUID, job_id: UUID) -> dict[str, Render]:
        """The last rendering of each language."""
        rows = await connection.fetch(
            """
            SELECT DISTINCT ON (language) * FROM renders WHERE user_id = $1 AND job_id = $2
            ORDER BY language, started_at DESC
            """,
            user_id,
            job_id,
        )
        return {row["language"]: _render(row) for row in rows}

    async def add_render(self, connection: Connection, render: Render) -> None:
        """A rendering that begins. Raises asyncpg.UniqueViolationError where one is at work."""
        await connection.execute(
            "INSERT INTO renders (hold_id, job_id, language, user_id, revision, deadline_at) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            render.hold_id,
            render.job_id,
            render.language,
            render.user_id,
            render.revision,
            render.deadline_at,
        )

    async def spoken(
        self, connection: Connection, user_id: UUID, job_id: UUID, language: str
    ) -> list[SpokenChunk]:
        """What was spoken so far for the language's rendering at work, in the order of the source."""
        spoken = await connection.fetchval(
            "SELECT spoken FROM renders "
            "WHERE user_id = $1 AND job_id = $2 AND language = $3 AND status = 'rendering'",
            user_id,
            job_id,
            language,
        )
        chunks = [
            SpokenChunk(each["start"], ArtifactRef.model_validate(each["speech"]))
            for each in (spoken or {}).values()
        ]
        return sorted(chunks, key=lambda chunk: chunk.start)

    # As the service itself.

    async def keep_reviewed(
        self, connection: Connection, job_id: UUID, languages: Sequence[str], *, transcript: bool
    ) -> None:
        """The lines of these languages go on as they are now: their revisions begin the history of what comes
        of them, of all languages where they are of the transcript."""
        await connection.execute(
            "UPDATE edited_languages SET reviewed = head, rendered = head "
            "WHERE job_id = $1 AND language = ANY($2::text[])",
            job_id,
            list(languages),
        )
        if transcript:
            for table in ("edited_languages", "revisions"):
                await connection.execute(
                    f"UPDATE {table} SET language = $3 WHERE job_id = $1 AND language = ANY($2::text[])",  # noqa: S608
                    job_id,
                    list(languages),
                    TRANSCRIPT,
                )

    async def translated(
        self, connection: Connection, answers: Mapping[UUID, ArtifactRef], errors: Mapping[UUID, JobError]
    ) -> list[tuple[UUID, UUID, str]]:
        """Note what runs made of lines that were to be translated anew; (user, job, language) of each.

        The first answer stands; runs of anything else are passed by.
        """
        ended = [*answers, *(hold for hold in errors if hold not in answers)]
        rows = await connection.fetch(
            """
            UPDATE revisions SET translation = new.answer, translation_error = new.error
            FROM unnest($1::uuid[], $2::jsonb[], $3::jsonb[]) AS new (hold_id, answer, error)
            WHERE translation_hold = new.hold_id AND translation IS NULL AND translation_error IS NULL
            RETURNING user_id, job_id, language
            """,
            ended,
            [answers[hold].model_dump(mode="json") if hold in answers else None for hold in ended],
            [None if hold in answers else errors[hold].model_dump(mode="json") for hold in ended],
        )
        return [(row["user_id"], row["job_id"], row["language"]) for row in rows]

    async def lock_at_work(self, connection: Connection, holds: Iterable[UUID]) -> list[Render]:
        """Those of these runs that are renderings at work, locked in the order of their ids."""
        rows = await connection.fetch(
            "SELECT * FROM renders WHERE hold_id = ANY($1::uuid[]) AND status = 'rendering' "
            "ORDER BY hold_id FOR UPDATE",
            sorted(set(holds)),
        )
        return [_render(row) for row in rows]

    async def lock_overdue(self, connection: Connection, *, now: datetime, limit: int) -> list[Render]:
        """Renderings past their deadline that no other sweep has in hand."""
        rows = await connection.fetch(
            "SELECT * FROM renders WHERE status = 'rendering' AND deadline_at <= $1 "
            "ORDER BY hold_id LIMIT $2 FOR UPDATE SKIP LOCKED",
            now,
            limit,
        )
        return [_render(row) for row in rows]

    async def add_spoken(
        self, connection: Connection, spoken: Mapping[UUID, Mapping[int, SpokenChunk]]
    ) -> dict[UUID, int]:
        """Note chunks, by their indices, of renderings that are locked; how many of each are spoken now."""
        documents = [
            {
                str(index): {"start": chunk.start, "speech": chunk.speech.model_dump(mode="json")}
                for index, chunk in chunks.items()
            }
            for chunks in spoken.values()
        ]
        rows = await connection.fetch(
            """
            UPDATE renders SET spoken = renders.spoken || new.spoken
            FROM unnest($1::uuid[], $2::jsonb[]) AS new (hold_id, spoken)
            WHERE renders.hold_id = new.hold_id
            RETURNING renders.hold_id, (SELECT count(*) FROM jsonb_object_keys(renders.spoken)) AS chunks
            """,
            list(spoken),
            documents,
        )
        return {row["hold_id"]: row["chunks"] for row in rows}

    async def end(self, connection: Connection, renders: Sequence[Render]) -> None:
        """Write how renderings ended; what is completed is the revision that can be downloaded."""
        await connection.executemany(
            "UPDATE renders SET status = $2, error = $3, finished_at = clock_timestamp(), spoken = '{}' "
            "WHERE hold_id = $1",
            [
                (
                    render.hold_id,
                    render.status.value,
                    render.error.model_dump(mode="json") if render.error else None,
                )
                for render in renders
            ],
        )
        await connection.executemany(
            "UPDATE edited_languages SET rendered = greatest(rendered, $3) "
            "WHERE job_id = $1 AND language = $2",
            [
                (render.job_id, render.language, render.revision)
                for render in renders
                if render.status is RenderStatus.COMPLETED
            ],
        )


def _edited(row: Any) -> Edited:
    return Edited(
        language=row["language"],
        base=ArtifactRef.model_validate(row["base"]),
        head=row["head"],
        rendered=row["rendered"],
        reviewed=row["reviewed"],
        first=row["first"],
    )


def _render(row: Any) -> Render:
    return Render(
        hold_id=row["hold_id"],
        job_id=row["job_id"],
        user_id=row["user_id"],
        language=row["language"],
        revision=row["revision"],
        status=RenderStatus(row["status"]),
        deadline_at=row["deadline_at"],
        error=JobError.model_validate(row["error"]) if row["error"] else None,
    )
