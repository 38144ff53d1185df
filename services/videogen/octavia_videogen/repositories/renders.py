"""The table `render`: what this machine is to draw, and how far it is."""

from dataclasses import dataclass
from uuid import UUID

from octavia_common.events import ArtifactRef, VideoSpec

from octavia_videogen.repositories import Connection

LEASE_SECONDS = 20.0
"""A renderer that says nothing for this long is gone; another one begins anew."""


@dataclass(frozen=True)
class Render:
    """One clip to be drawn."""

    hold_id: UUID
    user_id: UUID
    spec: VideoSpec
    picture: ArtifactRef | None
    tries: int


class RenderRepository:
    """Every write of a renderer carries its lease: one that was given up on changes nothing any more."""

    async def add(
        self,
        connection: Connection,
        hold_id: UUID,
        user_id: UUID,
        spec: VideoSpec,
        picture: ArtifactRef | None,
    ) -> None:
        """Ask for a clip; a second time it is the same one."""
        await connection.execute(
            """
            INSERT INTO render (hold_id, user_id, spec, picture) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            hold_id,
            user_id,
            spec.model_dump(mode="json"),
            picture.model_dump(mode="json") if picture is not None else None,
        )

    async def claim(self, connection: Connection, lease: UUID) -> Render | None:
        """The oldest one that nobody draws, or whose renderer is gone."""
        row = await connection.fetchrow(
            """
            UPDATE render SET state = 'generating', figure = 0, tries = tries + 1, lease = $1,
                leased_until = clock_timestamp() + make_interval(secs => $2)
            WHERE hold_id = (
                SELECT hold_id FROM render
                WHERE state = 'queuing' OR (state = 'generating' AND leased_until < clock_timestamp())
                ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            RETURNING hold_id, user_id, spec, picture, tries
            """,
            lease,
            LEASE_SECONDS,
        )
        if row is None:
            return None
        return Render(
            row["hold_id"],
            row["user_id"],
            VideoSpec.model_validate(row["spec"]),
            ArtifactRef.model_validate(row["picture"]) if row["picture"] is not None else None,
            row["tries"],
        )

    async def report(self, connection: Connection, hold_id: UUID, lease: UUID, figure: float | None) -> bool:
        """Say how far it is (None: not further) and keep the lease; False where it is not ours any more."""
        return await _changed(
            connection,
            """
            UPDATE render SET figure = coalesce($3::real, figure),
                leased_until = clock_timestamp() + make_interval(secs => $4)
            WHERE hold_id = $1 AND lease = $2 AND state = 'generating'
            """,
            hold_id, lease, figure, LEASE_SECONDS,
        )  # fmt: skip

    async def put_back(self, connection: Connection, hold_id: UUID, lease: UUID) -> None:
        """Let another renderer begin it at once; this try does not count."""
        await connection.execute(
            """
            UPDATE render SET state = 'queuing', tries = tries - 1, lease = NULL, leased_until = NULL
            WHERE hold_id = $1 AND lease = $2 AND state = 'generating'
            """,
            hold_id,
            lease,
        )

    async def end(self, connection: Connection, hold_id: UUID, lease: UUID, *, reason: str | None) -> bool:
        """It is drawn, or has failed for `reason`."""
        return await _changed(
            connection,
            """
            UPDATE render SET state = CASE WHEN $3::text IS NULL THEN 'success' ELSE 'fail' END,
                reason = coalesce($3, ''), figure = CASE WHEN $3::text IS NULL THEN 100 ELSE figure END,
                lease = NULL, leased_until = NULL
            WHERE hold_id = $1 AND lease = $2 AND state = 'generating'
            """,
            hold_id, lease, reason,
        )  # fmt: skip

    async def drop(self, connection: Connection, hold_id: UUID) -> None:
        """Nobody wants it any more."""
        await connection.execute("DELETE FROM render WHERE hold_id = $1", hold_id)

    async def state(self, connection: Connection, hold_id: UUID) -> tuple[str, float, str, UUID] | None:
        """State, figure, reason and user of a clip."""
        row = await connection.fetchrow(
            "SELECT state, figure, reason, user_id FROM render WHERE hold_id = $1", hold_id
        )
        return (row["state"], row["figure"], row["reason"], row["user_id"]) if row is not None else None


async def _changed(connection: Connection, statement: str, *values: object) -> bool:
    done: str = await connection.execute(statement, *values)
    return done != "UPDATE 0"
