"""The same random histories through PostgreSQL: what the tables hold is what the model says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from octavia_billing.domain.accounts import Snapshot
from octavia_billing.domain.operations import Operation, ReserveAll
from octavia_billing.ledger import Ledger
from octavia_billing.repositories import Connection
from octavia_billing.repositories.ledger import LedgerRepository
from octavia_billing.repositories.snapshot import SnapshotRepository

from ..histories import History, histories  # noqa: TID252
from ..model import START, Model  # noqa: TID252
from .conftest import Bank

pytestmark = pytest.mark.integration

_NUMBERS = count(1)


class GivenTime(SnapshotRepository):
    """Reads the hour off the history instead of the server's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START

    async def load(
        self, connection: Connection, operations: Sequence[Operation]
    ) -> tuple[Snapshot, datetime]:
        snapshot, _ = await super().load(connection, operations)
        return snapshot, self.now


def of_their_own(operation: Operation, number: int) -> Operation:
    """The operation with ids that no other example has."""
    if isinstance(operation, ReserveAll):
        parts = tuple(of_their_own(one, number) for one in operation.reserves)
        operation = replace(operation, reserves=parts)
    names = ("user_id", "hold_id", "job_id", "grant_id")
    ids = {name: getattr(operation, name) for name in names if hasattr(operation, name)}
    return replace(operation, **{name: UUID(int=each.int + (number << 64)) for name, each in ids.items()})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
async def test_every_history_agrees_with_the_model_on_postgresql(bank: Bank, history: History) -> None:
    number = next(_NUMBERS)
    snapshots = GivenTime()
    # Two replicas take turns: neither may rely on what it remembers of its own batches.
    replicas = [Ledger(snapshots, LedgerRepository()) for _ in range(2)]
    models: dict[UUID, Model] = {}
    for turn, (hour, said) in enumerate(history):
        batch = [of_their_own(operation, number) for operation in said]
        snapshots.now = START + timedelta(hours=hour)
        async with bank.database.transaction() as connection:
            outcomes, _ = await replicas[turn % 2].settle(connection, batch)
        for operation, outcome in zip(batch, outcomes, strict=True):
            verdict = models.setdefault(operation.user_id, Model()).apply(operation, hour)
            assert verdict in (None, outcome.verdict)
        for user in {operation.user_id for operation in batch}:
            await compare(bank, models[user], user)


async def compare(bank: Bank, model: Model, user: UUID) -> None:
    held = sum(len(tokens or ()) for tokens in model.holds.values())
    assert await bank.balance(user) == (len(model.free), held)
    grants = await bank.database.pool.fetch(
        "SELECT id, remaining FROM grants WHERE user_id = $1 AND remaining > 0", user
    )
    remaining = Counter(number for _, _, number in model.free)
    assert {model.grants[row["id"]]: row["remaining"] for row in grants} == remaining
    gone = await bank.database.pool.fetch(
        "SELECT kind, sum(credits)::bigint AS credits FROM transactions WHERE user_id = $1 GROUP BY kind",
        user,
    )
    sums = Counter({row["kind"]: row["credits"] for row in gone})
    assert (sums["capture"], sums["expire"]) == (model.spent, model.expired)
