"""Many at once on one database: nobody gets what another has, and nobody waits in a circle."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest
from octavia_billing.domain.operations import Capture, ExpireDue, Operation, Release, Reserve, Verdict

from .conftest import Bank, given, held

pytestmark = pytest.mark.integration


async def test_twenty_reservations_of_75_at_once_against_500(bank: Bank) -> None:
    user = await bank.fund(500)
    results = await asyncio.gather(*(bank.settle(held(user, 75)) for _ in range(20)))
    verdicts = [outcomes[0].verdict for outcomes in results]
    assert verdicts.count(Verdict.RESERVED) == 6
    assert verdicts.count(Verdict.REJECTED) == 14
    assert await bank.balance(user) == (50, 450)


async def test_two_jobs_race_for_the_last_credits(bank: Bank) -> None:
    for _ in range(20):
        user = await bank.fund(100)
        results = await asyncio.gather(*(bank.settle(held(user, 100)) for _ in range(2)))
        assert sorted(r[0].verdict for r in results) == [Verdict.REJECTED, Verdict.RESERVED]


async def test_capture_and_release_race_for_one_hold(bank: Bank) -> None:
    for _ in range(20):
        user = await bank.fund(10)
        hold = held(user, 10)
        await bank.settle(hold)
        results = await asyncio.gather(
            bank.settle(Capture(user, hold.hold_id, hold.job_id)),
            bank.settle(Release(user, hold.hold_id, hold.job_id, "cancelled")),
        )
        assert [r[0].verdict for r in results].count(Verdict.UNCHANGED) == 1


async def test_the_beginning_and_the_end_race(bank: Bank) -> None:
    """Whichever comes first, nothing stays held for a job that has ended."""
    for _ in range(20):
        user = await bank.fund(10)
        hold = held(user, 10)
        await asyncio.gather(
            bank.settle(hold), bank.settle(Release(user, hold.hold_id, hold.job_id, "cancelled"))
        )
        assert await bank.balance(user) == (10, 0)


async def test_the_same_user_is_new_to_many_at_once(bank: Bank) -> None:
    users = [uuid4() for _ in range(30)]

    async def greet(seed: int) -> None:
        order = random.Random(seed).sample(users, len(users))
        await bank.settle(*(given(user, 1) for user in order))

    await asyncio.gather(*(greet(seed) for seed in range(8)))
    assert [await bank.balance(user) for user in users] == [(8, 0)] * 30


async def test_replicas_under_a_skewed_load_never_wait_in_a_circle(bank: Bank) -> None:
    """Four writers settle batches over accounts drawn by Zipf's law, in orders of their own."""
    users = [await bank.fund(400) for _ in range(40)]
    weights = [1 / rank**2 for rank in range(1, len(users) + 1)]

    async def replica(seed: int) -> tuple[int, int]:
        chance = random.Random(seed)
        open_holds: list[Reserve] = []
        spent = reserved = 0
        for _ in range(25):
            batch: list[Operation] = []
            for user in chance.choices(users, weights, k=64):
                batch.append(_next(chance, user, open_holds))
            for operation, outcome in zip(batch, await bank.settle(*batch), strict=True):
                if outcome.verdict is Verdict.RESERVED:
                    assert isinstance(operation, Reserve)
                    open_holds.append(operation)
                    reserved += 1
                spent += outcome.amount if outcome.verdict is Verdict.CAPTURED else 0
        return spent, reserved

    results = await asyncio.gather(*(replica(seed) for seed in range(4)))
    report = await bank.audit()
    assert report.sound, report.differences
    assert sum(reserved for _, reserved in results) > 100
    assert report.totals["revenue"] == sum(spent for spent, _ in results)
    books = ("available", "held", "granted", "revenue", "expired")
    assert sum(report.totals[book] for book in books) == 0


def _next(chance: random.Random, user: UUID, open_holds: list[Reserve]) -> Operation:
    what = chance.random()
    if what < 0.4 or not open_holds:
        return held(user, chance.randint(1, 30))
    if what < 0.5:
        return given(user, chance.randint(1, 20), priority=chance.randint(1, 3))
    if what < 0.55:
        return ExpireDue(user)
    # Some are resolved twice, in one batch or in two.
    hold = chance.choice(open_holds) if what < 0.6 else open_holds.pop(chance.randrange(len(open_holds)))
    if what < 0.8:
        return Capture(hold.user_id, hold.hold_id, hold.job_id)
    return Release(hold.user_id, hold.hold_id, hold.job_id, "failed")
