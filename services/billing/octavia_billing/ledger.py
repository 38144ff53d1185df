"""Settling: what a consumer holds, in one go, inside the consumer's transaction."""

from collections.abc import Sequence

from octavia_common.events import EventData

from octavia_billing.domain.operations import ExpireDue, Operation, Outcome
from octavia_billing.domain.planner import Plan, plan
from octavia_billing.repositories import Connection
from octavia_billing.repositories.ledger import LedgerRepository
from octavia_billing.repositories.snapshot import SnapshotRepository


class Ledger:
    """Load and lock, decide, write: about a dozen statements, whatever the number of operations."""

    def __init__(self, snapshots: SnapshotRepository, repository: LedgerRepository) -> None:
        self._snapshots = snapshots
        self._repository = repository

    async def settle(
        self, connection: Connection, operations: Sequence[Operation]
    ) -> tuple[list[Outcome], list[EventData]]:
        """Apply `operations` in order: the outcome of each, and the history lines to be told of.

        The connection must be in a transaction. Raises LedgerConflictError, upon which the caller
        rolls back.
        """
        if not operations:
            return [], []
        snapshot, now = await self._snapshots.load(connection, operations)
        decided = plan(snapshot, operations, now)
        await self._repository.save(connection, decided, now)
        return decided.outcomes, _told(decided)

    async def expire_due(self, connection: Connection, limit: int) -> tuple[int, list[EventData]]:
        """Expire grants whose time is over, of at most `limit` grants' users; how many users it was."""
        snapshot, now = await self._snapshots.load_due(connection, limit)
        decided = plan(snapshot, [ExpireDue(user_id) for user_id in snapshot.accounts], now)
        await self._repository.save(connection, decided, now)
        return len(decided.accounts), _told(decided)


def _told(decided: Plan) -> list[EventData]:
    return [line.event() for line in decided.lines]
