"""The table `attempt`: every order, on record before it is sent."""

from uuid import UUID, uuid4

from octavia_videogen.domain.records import AttemptState
from octavia_videogen.providers.base import Sent
from octavia_videogen.repositories import Connection


class AttemptRepository:
    """A run has at most one attempt that is not certainly refused: an index says so."""

    async def begin(self, connection: Connection, hold_id: UUID, sent: Sent) -> UUID:
        """Put an order on record. Raises asyncpg.UniqueViolationError where one may be on its way."""
        attempt_id = uuid4()
        await connection.execute(
            """
            INSERT INTO attempt (attempt_id, hold_id, number, request)
            SELECT $1, $2, 1 + count(*), $3 FROM attempt WHERE hold_id = $2
            """,
            attempt_id,
            hold_id,
            {"model": sent.model, "input": dict(sent.fields)},
        )
        return attempt_id

    async def sent(self, connection: Connection, hold_id: UUID) -> Sent | None:
        """What the run's latest order was; None where it is not known any more."""
        request = await connection.fetchval(
            "SELECT request FROM attempt WHERE hold_id = $1 ORDER BY number DESC LIMIT 1", hold_id
        )
        return Sent(request["model"], request["input"]) if request else None

    async def answer(
        self,
        connection: Connection,
        attempt_id: UUID,
        state: AttemptState,
        answer: str,
        provider_task: str | None,
    ) -> None:
        """Note what became of an order."""
        await connection.execute(
            """
            UPDATE attempt SET state = $2, answer = $3, provider_task = $4, answered_at = clock_timestamp()
            WHERE attempt_id = $1
            """,
            attempt_id,
            state,
            answer,
            provider_task,
        )

    async def close_unsettled(self, connection: Connection, hold_id: UUID, state: AttemptState) -> None:
        """Note what is known by now of the run's order that was on its way, or lost."""
        await connection.execute(
            "UPDATE attempt SET state = $2, answered_at = clock_timestamp() "
            "WHERE hold_id = $1 AND state IN ('open', 'lost')",
            hold_id,
            state,
        )
