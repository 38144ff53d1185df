"""The tables `task`, `attempt` and `ended`.

A task's row is locked before it is changed, so that a call-back, a poller, an answer and a cancellation take
turns. Work outside a transaction is under a lease; what is written carries it, save the answer to an order,
which is true whoever brings it.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from octavia_common.events import JobRef, VideoReserved, VideoSpec, VideoState

from octavia_videogen.domain.records import Outcome, Stage, Task
from octavia_videogen.domain.states import Shown
from octavia_videogen.repositories import CHANNEL, Connection

_COLUMNS = """
    task.hold_id, task.job, task.spec, task.provider, task.stage, task.outcome, task.provider_task,
    task.adopted, task.hinted_task, task.cancel_asked, task.shown_state, task.percent, task.reserved_at,
    task.ordered_at, task.deadline_at, task.released_at, task.troubles, task.results, task.traceparent,
    clock_timestamp() AS now
"""

_BEFORE_OTHERS = "clock_timestamp() - interval '1 hour'"
"""Due before all that is due by the clock: what a call-back told of is looked at first, its owner waits."""


class TaskRepository:
    """Reads and writes on the connection it is given."""

    async def add(self, connection: Connection, reserved: Sequence[VideoReserved], traceparent: str) -> None:
        """Queue what was reserved, save what has ended already or is known."""
        await connection.execute(
            f"""
            WITH added AS (
                INSERT INTO task (hold_id, user_id, job, spec, provider, deadline_at, traceparent)
                SELECT hold_id, user_id, job, spec, '', deadline_at, $6
                FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::jsonb[], $5::timestamptz[])
                     AS new (hold_id, user_id, job, spec, deadline_at)
                WHERE NOT EXISTS (SELECT FROM ended WHERE ended.hold_id = new.hold_id)
                ON CONFLICT DO NOTHING RETURNING 1
            )
            SELECT pg_notify('{CHANNEL}', '{Stage.QUEUED}') FROM added LIMIT 1
            """,  # noqa: S608 - constants
            [event.job.hold_id for event in reserved],
            [event.job.user_id for event in reserved],
            [event.job.model_dump(mode="json") for event in reserved],
            [event.spec.model_dump(mode="json") for event in reserved],
            [event.job.deadline_at for event in reserved],
            traceparent,
        )

    async def note_ended(self, connection: Connection, holds: Sequence[UUID]) -> list[Task]:
        """Remember that these runs have ended; returns the tasks among them, locked."""
        ordered = sorted(set(holds))
        await connection.execute(
            "INSERT INTO ended (hold_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", ordered
        )
        rows = await connection.fetch(
            f"SELECT {_COLUMNS} FROM task WHERE hold_id = ANY($1) ORDER BY hold_id FOR UPDATE",  # noqa: S608
            ordered,
        )
        return [_task(row) for row in rows]

    async def hint(self, connection: Connection, hold_id: UUID | None, provider_task: str | None) -> bool:
        """A call-back came: look at the task soon, and remember what it was called. False for an unknown one.

        One whose id is known by another name, or an id that is another task's, changes nothing. It may come
        before the answer to the order, which then only says the same.
        """
        row = await connection.fetchrow(
            f"""
            UPDATE task SET hinted_at = clock_timestamp(),
                hinted_task = CASE WHEN task.stage = 'ordering' THEN coalesce($2, task.hinted_task)
                                   ELSE task.hinted_task END,
                next_at = CASE WHEN task.stage = 'running' OR $2::text IS NOT NULL THEN {_BEFORE_OTHERS}
                               ELSE task.next_at END
            WHERE stage IN ('ordering', 'running')
              AND CASE WHEN $1::uuid IS NOT NULL THEN hold_id = $1 ELSE provider_task = $2 END
              AND ($2::text IS NULL OR provider_task = $2 OR (
                  provider_task IS NULL AND NOT EXISTS (
                      SELECT FROM task AS other
                      WHERE other.provider = task.provider AND other.provider_task = $2
                  )
              ))
            RETURNING stage, pg_notify('{CHANNEL}', stage)
            """,  # noqa: S608 - constants
            hold_id,
            provider_task,
        )
        return row is not None

    async def claim(
        self,
        connection: Connection,
        stage: Stage,
        provider: str | None,
        *,
        most: int,
        lease: UUID,
        seconds: float,
    ) -> list[Task]:
        """Lease at most so many tasks that are due, the longest due first; of users in turn where queued."""
        turn, since = "0", "next_at"
        if stage is Stage.QUEUED:
            turn, since = "row_number() OVER (PARTITION BY user_id ORDER BY reserved_at)", "reserved_at"
        rows = await connection.fetch(
            f"""
            WITH due AS (
                SELECT hold_id, {turn} AS turn, {since} AS since FROM task
                WHERE stage = $1 AND next_at <= clock_timestamp()
                  AND (leased_until IS NULL OR leased_until < clock_timestamp())
                  AND ($2::text IS NULL OR provider = $2)
                ORDER BY turn, since LIMIT $3::integer * 4
            ), taken AS (
                SELECT hold_id FROM task JOIN due USING (hold_id)
                WHERE stage = $1 AND next_at <= clock_timestamp()
                  AND (leased_until IS NULL OR leased_until < clock_timestamp())
                ORDER BY due.turn, due.since LIMIT $3 FOR UPDATE OF task SKIP LOCKED
            )
            UPDATE task SET lease = $4, leased_until = clock_timestamp() + make_interval(secs => $5)
            FROM taken WHERE task.hold_id = taken.hold_id
            RETURNING {_COLUMNS}
            """,  # noqa: S608 - constants
            stage,
            provider,
            most,
            lease,
            seconds,
        )
        return [_task(row) for row in rows]

    async def seconds_to_next(
        self, connection: Connection, stage: Stage, provider: str | None
    ) -> float | None:
        """How long until a task of this stage is due; None where there is none."""
        seconds: float | None = await connection.fetchval(
            """
            SELECT extract(epoch FROM min(greatest(next_at, coalesce(leased_until, next_at)))
                                      - clock_timestamp())::float8
            FROM task WHERE stage = $1 AND ($2::text IS NULL OR provider = $2)
            """,
            stage,
            provider,
        )
        return seconds

    async def renew(self, connection: Connection, hold_id: UUID, lease: UUID, seconds: float) -> bool:
        """Keep a lease; False where it is another's now."""
        done = await connection.execute(
            "UPDATE task SET leased_until = clock_timestamp() + make_interval(secs => $3) "
            "WHERE hold_id = $1 AND lease = $2",
            hold_id,
            lease,
            seconds,
        )
        return bool(done != "UPDATE 0")

    async def locked(self, connection: Connection, hold_id: UUID, lease: UUID | None = None) -> Task | None:
        """A task, locked; None where `lease` is given and is not the task's any more."""
        row = await connection.fetchrow(
            f"""
            SELECT {_COLUMNS} FROM task WHERE hold_id = $1 AND ($2::uuid IS NULL OR lease = $2) FOR UPDATE
            """,  # noqa: S608 - constants
            hold_id,
            lease,
        )
        return _task(row) if row is not None else None

    async def write(
        self,
        connection: Connection,
        task: Task,
        *,
        wait: float,
        began: Task | None = None,
        keep_lease: bool = False,
    ) -> None:
        """Write what was changed, due again in `wait` seconds, or now if a call-back came since `began`."""
        await connection.execute(
            f"""
            WITH written AS (
                UPDATE task SET stage = $2, outcome = $3, provider = $4, provider_task = $5, adopted = $6,
                    hinted_task = $7, cancel_asked = $8, shown_state = $9, percent = $10, ordered_at = $11,
                    deadline_at = $12, released_at = $13, troubles = $14, results = $15,
                    next_at = CASE WHEN hinted_at > $17 AND $2 = 'running' THEN {_BEFORE_OTHERS}
                                   ELSE clock_timestamp() + make_interval(secs => $16) END,
                    lease = CASE WHEN $18 THEN lease END, leased_until = CASE WHEN $18 THEN leased_until END,
                    over_at = CASE WHEN $2 = 'over' THEN coalesce(over_at, clock_timestamp()) END,
                    spec = CASE WHEN $2 IN ('over', 'kept')
                                THEN spec || '{{"prompt": "", "avoid": ""}}' ELSE spec END
                WHERE hold_id = $1 RETURNING 1
            )
            SELECT pg_notify('{CHANNEL}', $2) FROM written WHERE $16 <= 0 AND $2 <> 'over'
            """,  # noqa: S608 - constants
            task.hold_id,
            task.stage,
            task.outcome,
            task.provider,
            task.provider_task,
            task.adopted,
            task.hinted_task,
            task.cancel_asked,
            task.shown.state,
            task.shown.percent,
            task.ordered_at,
            task.deadline_at,
            task.released_at,
            task.troubles,
            list(task.results),
            max(0.0, wait),
            began.now if began is not None else None,
            keep_lease,
        )
        if task.stage is Stage.OVER:
            await connection.execute("UPDATE attempt SET request = NULL WHERE hold_id = $1", task.hold_id)

    async def still(self, connection: Connection, waits: Sequence[tuple[Task, UUID, float]]) -> None:
        """Nothing new was seen of these (task, lease, wait); a call-back since makes one due at once."""
        await connection.execute(
            f"""
            UPDATE task SET lease = NULL, leased_until = NULL, troubles = 0,
                next_at = CASE WHEN hinted_at > seen.began THEN {_BEFORE_OTHERS}
                               ELSE clock_timestamp() + make_interval(secs => seen.wait) END
            FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::timestamptz[])
                 AS seen (hold_id, lease, wait, began)
            WHERE task.hold_id = seen.hold_id AND task.lease = seen.lease
            """,  # noqa: S608 - constants
            [task.hold_id for task, _, _ in waits],
            [lease for _, lease, _ in waits],
            [wait for _, _, wait in waits],
            [task.now for task, _, _ in waits],
        )

    async def known(self, connection: Connection, provider: str, provider_tasks: Sequence[str]) -> set[str]:
        """Those of a provider's ids that are some video's."""
        rows = await connection.fetch(
            "SELECT provider_task FROM task WHERE provider = $1 AND provider_task = ANY($2::text[])",
            provider,
            list(provider_tasks),
        )
        return {row["provider_task"] for row in rows}

    async def prune(self, connection: Connection, *, days: int) -> None:
        """Forget tasks that are long over, and endings that nothing can follow any more."""
        await connection.execute(
            "DELETE FROM task "
            "WHERE stage = 'over' AND over_at < clock_timestamp() - make_interval(days => $1)",
            days,
        )
        await connection.execute(
            "DELETE FROM ended WHERE ended_at < clock_timestamp() - make_interval(days => $1)", days
        )
        await connection.execute(
            "DELETE FROM render WHERE NOT EXISTS "
            "(SELECT FROM task WHERE task.hold_id = render.hold_id AND task.stage <> 'over')"
        )

    async def counts(self, connection: Connection) -> dict[str, int]:
        """How many tasks there are of each stage that is not over."""
        rows = await connection.fetch(
            "SELECT stage, count(*) AS n FROM task WHERE stage <> 'over' GROUP BY stage"
        )
        return {row["stage"]: row["n"] for row in rows}


def _task(row: asyncpg.Record) -> Task:
    return Task(
        hold_id=row["hold_id"],
        job=JobRef.model_validate(row["job"]),
        spec=VideoSpec.model_validate(row["spec"]),
        provider=row["provider"],
        stage=Stage(row["stage"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] is not None else None,
        provider_task=row["provider_task"],
        adopted=row["adopted"],
        hinted_task=row["hinted_task"],
        cancel_asked=row["cancel_asked"],
        shown=Shown(row["percent"], VideoState(row["shown_state"])),
        reserved_at=row["reserved_at"],
        ordered_at=row["ordered_at"],
        deadline_at=row["deadline_at"],
        released_at=row["released_at"],
        troubles=row["troubles"],
        results=tuple(row["results"]),
        traceparent=row["traceparent"],
        now=row["now"],
    )
