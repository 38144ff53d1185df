"""Settling on PostgreSQL: what the plan says is what the tables hold."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from octavia_billing.background import GrantExpiry
from octavia_billing.domain.operations import Capture, Release, Verdict
from octavia_billing.domain.planner import LedgerConflictError
from octavia_common.database import Database
from octavia_common.events import EntryKind, LedgerPosted
from octavia_common.outbox.outbox import Outbox

from .conftest import Bank, given, held

pytestmark = pytest.mark.integration


async def test_a_batch_is_settled_in_order_with_a_result_for_each(bank: Bank) -> None:
    user, other = await bank.fund(100), await bank.fund(10)
    first, second, third = held(user, 60), held(user, 60), held(other, 10)
    outcomes, told = await bank.settle_and_tell(first, second, third)
    assert [o.verdict for o in outcomes] == [Verdict.RESERVED, Verdict.REJECTED, Verdict.RESERVED]
    assert [type(event) for event in told] == [LedgerPosted, LedgerPosted]
    outcomes = await bank.settle(
        Capture(user, first.hold_id, first.job_id),
        Release(user, first.hold_id, first.job_id, "failed"),
        Release(other, third.hold_id, third.job_id, "failed"),
    )
    assert [o.verdict for o in outcomes] == [Verdict.CAPTURED, Verdict.UNCHANGED, Verdict.RELEASED]
    assert await bank.balance(user) == (40, 0)
    assert await bank.balance(other) == (10, 0)


async def test_a_hold_opened_and_resolved_in_one_batch(bank: Bank) -> None:
    user = await bank.fund(100)
    hold, part = held(user, 60), held(user, 40)
    await bank.settle(
        hold,
        Capture(user, hold.hold_id, hold.job_id),
        part,
        Capture(user, part.hold_id, part.job_id, 15),
    )
    assert await bank.balance(user) == (25, 0)


async def test_a_capture_in_part_of_a_stored_hold(bank: Bank) -> None:
    user = await bank.fund(10, priority=1)
    await bank.settle(given(user, 10, priority=2))
    hold = held(user, 18)
    await bank.settle(hold)
    outcomes = await bank.settle(Capture(user, hold.hold_id, hold.job_id, 6))
    assert outcomes[0].amount == 6
    assert await bank.balance(user) == (14, 0)
    remaining = await bank.database.pool.fetch("SELECT remaining FROM grants ORDER BY priority")
    assert [row["remaining"] for row in remaining] == [4, 10]


async def test_words_are_kept_as_they_are(bank: Bank) -> None:
    reason = 'Ann said "hi", {NULL}, back\\slash,\nnew line, tiếng Việt; \' --'
    user = await bank.fund(5, reason=reason)
    assert (
        await bank.database.pool.fetchval("SELECT reason FROM transactions WHERE user_id = $1", user)
        == reason
    )


async def test_everything_twice_changes_nothing(bank: Bank) -> None:
    user = await bank.fund(100)
    grant, hold, late = given(user, 50), held(user, 30), held(user, 20)
    history = [
        grant,
        hold,
        Capture(user, hold.hold_id, hold.job_id),
        Release(user, late.hold_id, late.job_id, "cancelled"),
        late,
    ]
    await bank.settle(*history)
    before = await bank.database.pool.fetch("SELECT * FROM transactions ORDER BY seq")
    for operation in history:
        outcomes, told = await bank.settle_and_tell(operation)
        assert outcomes[0].verdict is Verdict.UNCHANGED
        assert told == []
    assert await bank.database.pool.fetch("SELECT * FROM transactions ORDER BY seq") == before


async def test_a_conflict_leaves_nothing_behind(bank: Bank) -> None:
    user, other = await bank.fund(100), await bank.fund(100)
    hold = held(user, 60)
    await bank.settle(hold)
    with pytest.raises(LedgerConflictError):
        await bank.settle(held(other, 5), Capture(other, hold.hold_id, hold.job_id))
    assert await bank.balance(other) == (100, 0)


async def test_expiry_in_bounded_batches_tells_every_line(bank: Bank, database: Database) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    users = [await bank.fund(10, expires_at=soon) for _ in range(5)]
    kept = await bank.fund(10, expires_at=soon + timedelta(days=1))
    busy, hold = users[0], held(users[1], 4)
    await bank.settle(given(users[2], 7), hold)
    assert datetime.now(UTC) < soon, "the machine is too slow for this test to say anything"
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.1)
    expiry = GrantExpiry(database, Outbox("billing", "billing"), bank.ledger, every_seconds=1)
    async with database.transaction() as connection:
        await connection.execute("SELECT FROM accounts WHERE user_id = $1 FOR UPDATE", busy)
        # Somebody works on that account: it is passed by, not waited for.
        await expiry.sweep()
    assert await bank.balance(busy) == (10, 0)
    assert await bank.balance(kept) == (10, 0)
    assert [await bank.balance(user) for user in users[1:]] == [(0, 4), (7, 0), (0, 0), (0, 0)]
    assert await database.pool.fetchval("SELECT count(*) FROM outbox") == 4
    # It expires when it is touched, and what a release brings back expires with it.
    await bank.settle(held(busy, 10), Release(users[1], hold.hold_id, hold.job_id, "failed"))
    assert await bank.balance(busy) == (0, 0)
    assert await bank.balance(users[1]) == (0, 0)
    kinds = await database.pool.fetch(
        "SELECT kind FROM transactions WHERE user_id = $1 ORDER BY seq", users[1]
    )
    assert [EntryKind(row["kind"]) for row in kinds] == ["grant", "reserve", "expire", "release", "expire"]


async def test_one_batch_expires_no_more_than_its_bound(bank: Bank, database: Database) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    for _ in range(5):
        await bank.fund(10, expires_at=soon)
    assert datetime.now(UTC) < soon, "the machine is too slow for this test to say anything"
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.1)
    sizes = []
    for _ in range(4):
        async with database.transaction() as connection:
            sizes.append((await bank.ledger.expire_due(connection, 2))[0])
    assert sizes == [2, 2, 1, 0]
