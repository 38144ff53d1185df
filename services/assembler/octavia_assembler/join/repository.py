"""The tables of the join. One statement a batch, whatever its size.

Every change begins with `lock`: it takes the rows of the runs in id order, so that two processes
that bring the last two pieces of a run take turns, and the second sees what the first has written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from octavia_common.events import (
    ArtifactRef,
    ChunkSynthesized,
    ChunkWritten,
    FailedLanguage,
    JobRef,
    JobSpec,
    LanguageAssembled,
    LanguageFailed,
    MediaPlanned,
    Output,
)


@dataclass(frozen=True)
class CompleteLanguage:
    """A language all of whose chunks have arrived; `speech` in chunk order, and the trace each came with."""

    job: JobRef
    spec: JobSpec
    target_language: str
    plan: ArtifactRef
    speech: tuple[ArtifactRef, ...]
    traces: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompleteRun:
    """A run each of whose languages is assembled or has failed, in the order in which they were asked for.

    `render` says that it put an edited language together anew.
    """

    job: JobRef
    outputs: tuple[Output, ...]
    failed: tuple[FailedLanguage, ...]
    render: bool


class JoinRepository:
    """Reads and writes inside the transaction of `connection`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def lock(self, holds: Iterable[UUID]) -> None:
        """Take the runs' rows, made where they are missing, until the transaction ends."""
        ordered = sorted(set(holds))
        await self.open(ordered)
        await self.lock_existing(ordered)

    async def open(self, holds: Iterable[UUID]) -> None:
        """Make the rows of runs that are not known yet."""
        await self._connection.execute(
            "INSERT INTO run (hold_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", sorted(set(holds))
        )

    async def lock_existing(self, holds: Iterable[UUID]) -> set[UUID]:
        """Take the rows of those runs that are known; returns which."""
        rows = await self._connection.fetch(
            "SELECT hold_id FROM run WHERE hold_id = ANY($1::uuid[]) ORDER BY hold_id FOR UPDATE",
            sorted(set(holds)),
        )
        return {row["hold_id"] for row in rows}

    async def add_plans(self, planned: Sequence[MediaPlanned]) -> None:
        """Note how many chunks each run has, and its languages. The first plan of a run stays."""
        await self._connection.execute(
            """
            UPDATE run
            SET job = new.job, spec = new.spec, plan = new.plan, chunks = new.chunks, render = new.render
            FROM unnest($1::uuid[], $2::jsonb[], $3::jsonb[], $4::jsonb[], $5::integer[], $6::boolean[])
                 AS new (hold_id, job, spec, plan, chunks, render)
            WHERE run.hold_id = new.hold_id AND run.chunks IS NULL
            """,
            [event.job.hold_id for event in planned],
            [event.job.model_dump(mode="json") for event in planned],
            [event.spec.model_dump(mode="json") for event in planned],
            [event.plan.model_dump(mode="json") for event in planned],
            [event.chunks for event in planned],
            [event.render for event in planned],
        )
        places = {
            (event.job.hold_id, language): position
            for event in planned
            for position, language in enumerate(event.spec.target_languages)
        }
        languages = [(hold_id, language, position) for (hold_id, language), position in places.items()]
        await self._connection.execute(
            """
            INSERT INTO language (hold_id, target_language, position)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[])
            ON CONFLICT (hold_id, target_language) DO UPDATE SET position = excluded.position
            """,
            *columns(languages, 3),
        )

    async def add_chunks(
        self, spoken: Sequence[ChunkSynthesized | ChunkWritten], traces: Sequence[str]
    ) -> None:
        """Note that chunks have arrived, each with the `traceparent` it came with; one that is there already
        stays as it is."""
        await self._connection.execute(
            """
            INSERT INTO chunk (hold_id, target_language, index, speech, traceparent)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::jsonb[], $5::text[])
            ON CONFLICT DO NOTHING
            """,
            [event.job.hold_id for event in spoken],
            [event.target_language for event in spoken],
            [event.chunk.index for event in spoken],
            [event.lines.model_dump(mode="json") for event in spoken],
            list(traces),
        )

    async def claim_complete_languages(self, holds: Iterable[UUID]) -> list[CompleteLanguage]:
        """The languages that have just become complete; each is returned once, ever."""
        rows = await self._connection.fetch(
            """
            UPDATE language SET requested = true
            FROM run
            WHERE run.hold_id = ANY($1::uuid[])
              AND language.hold_id = run.hold_id
              AND NOT language.requested
              AND language.error IS NULL
              AND run.chunks = (
                  SELECT count(*) FROM chunk
                  WHERE chunk.hold_id = run.hold_id AND chunk.target_language = language.target_language
              )
            RETURNING language.hold_id, language.target_language, language.position, run.job, run.spec,
                run.plan, (
                    SELECT coalesce(jsonb_agg(chunk.speech ORDER BY chunk.index), '[]') FROM chunk
                    WHERE chunk.hold_id = run.hold_id AND chunk.target_language = language.target_language
                ) AS speech, ARRAY(
                    SELECT chunk.traceparent FROM chunk
                    WHERE chunk.hold_id = run.hold_id AND chunk.target_language = language.target_language
                    ORDER BY chunk.index
                ) AS traces
            """,
            list(set(holds)),
        )
        return [
            CompleteLanguage(
                job=JobRef.model_validate(row["job"]),
                spec=JobSpec.model_validate(row["spec"]),
                target_language=row["target_language"],
                plan=ArtifactRef.model_validate(row["plan"]),
                speech=tuple(ArtifactRef.model_validate(ref) for ref in row["speech"]),
                traces=tuple(row["traces"]),
            )
            for row in sorted(rows, key=lambda row: (row["hold_id"], row["position"]))
        ]

    async def add_assembled(self, assembled: Sequence[LanguageAssembled]) -> None:
        """Note finished languages; those of unknown runs are passed by."""
        await self._connection.execute(
            """
            UPDATE language SET media = new.media, result = new.result
            FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::jsonb[])
                 AS new (hold_id, target_language, media, result)
            WHERE language.hold_id = new.hold_id AND language.target_language = new.target_language
              AND language.media IS NULL AND language.error IS NULL
            """,
            [event.job.hold_id for event in assembled],
            [event.target_language for event in assembled],
            [event.media.model_dump(mode="json") for event in assembled],
            [event.result.model_dump(mode="json") for event in assembled],
        )

    async def add_failed(self, failed: Sequence[LanguageFailed]) -> None:
        """Note languages that cannot be made, also before their plan has come; what is finished stays."""
        await self._connection.execute(
            """
            INSERT INTO language (hold_id, target_language, position, error)
            SELECT hold_id, target_language, 0, error
            FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS new (hold_id, target_language, error)
            ON CONFLICT (hold_id, target_language) DO UPDATE SET error = excluded.error
            WHERE language.media IS NULL AND language.error IS NULL
            """,
            [event.job.hold_id for event in failed],
            [event.target_language for event in failed],
            [event.error.model_dump(mode="json") for event in failed],
        )

    async def claim_complete_runs(self, holds: Iterable[UUID]) -> list[CompleteRun]:
        """The runs whose last language has just come in, or failed; each is returned once, ever."""
        rows = await self._connection.fetch(
            """
            UPDATE run SET finished = true
            WHERE hold_id = ANY($1::uuid[])
              AND NOT finished
              AND chunks IS NOT NULL
              AND NOT EXISTS (
                  SELECT FROM language
                  WHERE language.hold_id = run.hold_id AND language.media IS NULL AND language.error IS NULL
              )
            RETURNING hold_id, job, render, (
                SELECT coalesce(jsonb_agg(
                    jsonb_build_object(
                        'target_language', target_language, 'media', media, 'result', result
                    ) ORDER BY position
                ), '[]') FROM language WHERE language.hold_id = run.hold_id AND media IS NOT NULL
            ) AS outputs, (
                SELECT coalesce(jsonb_agg(
                    jsonb_build_object('target_language', target_language, 'error', error) ORDER BY position
                ), '[]') FROM language WHERE language.hold_id = run.hold_id AND error IS NOT NULL
            ) AS failed
            """,
            list(set(holds)),
        )
        return [
            CompleteRun(
                job=JobRef.model_validate(row["job"]),
                outputs=tuple(Output.model_validate(output) for output in row["outputs"]),
                failed=tuple(FailedLanguage.model_validate(each) for each in row["failed"]),
                render=row["render"],
            )
            for row in sorted(rows, key=lambda row: row["hold_id"])
        ]

    async def forget(self, holds: Iterable[UUID]) -> None:
        """Remove runs that are over."""
        await self._connection.execute("DELETE FROM run WHERE hold_id = ANY($1::uuid[])", list(set(holds)))

    async def forget_older_than(self, days: int) -> None:
        """Remove what was left behind by events that came after their run was over."""
        await self._connection.execute(
            """
            DELETE FROM run WHERE hold_id IN (
                SELECT hold_id FROM run WHERE created_at < now() - make_interval(days => $1)
                ORDER BY hold_id LIMIT 100 FOR UPDATE SKIP LOCKED
            )
            """,
            days,
        )


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as lists of columns, for `unnest`; `width` lists also where there are no rows."""
    return [[row[index] for row in rows] for index in range(width)]
