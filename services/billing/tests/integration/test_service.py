"""Billing as it runs: two processes between real Kafka and PostgreSQL, every event sent twice."""

import asyncio
import signal
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from octavia_billing.domain.prices import load_prices
from octavia_common.events import (
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    JobAssembled,
    JobCancelled,
    LedgerPosted,
    PricesPublished,
    UserRegistered,
    VideoReserved,
)
from octavia_common.testing import replica

from .conftest import Bank
from .test_consumers import submitted
from .test_videos import submitted as videos_submitted
from .wire import Wire

pytestmark = pytest.mark.integration


async def test_one_of_two_is_killed_while_everything_is_said_twice(
    environment: dict[str, str], bank: Bank, tmp_path: Path
) -> None:
    users = [uuid4() for _ in range(10)]
    jobs = [submitted(user) for user in users for _ in range(3)]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(replica("billing", environment, tmp_path / "one.log"))
        two = await stack.enter_async_context(replica("billing", environment, tmp_path / "two.log"))
        wire = await stack.enter_async_context(Wire(environment))
        await wire.say(*(UserRegistered(user_id=user) for user in users))
        await wire.hear(lambda: len(wire.of(LedgerPosted)) >= 10 and bool(wire.of(PricesPublished)))
        assert [event.prices for event in wire.of(PricesPublished)] == [load_prices()]

        # 60 credits hold two of each user's three jobs.
        await wire.say(*jobs)
        one.send_signal(signal.SIGKILL)
        await wire.hear(lambda: len(wire.of(CreditsReserved, CreditsRejected)) >= 30)
        running = [event.job for event in wire.of(CreditsReserved)]
        assert Counter(job.user_id for job in running) == dict.fromkeys(users, 2)

        # Every job ends twice, and the first word counts; those rejected are not told again.
        await wire.say(*(JobAssembled(job=job, outputs=()) for job in running[:10]))
        await wire.say(*(JobCancelled(job=job.job) for job in jobs))
        await wire.say(*(JobAssembled(job=job, outputs=()) for job in running))
        await wire.hear(lambda: len(wire.of(CreditsCaptured, CreditsReleased)) >= 20)
        await wire.hear(lambda: len(wire.of(LedgerPosted)) >= 50)
        two.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await two.wait() == 0, (tmp_path / "two.log").read_text()

        resolved = wire.of(CreditsCaptured, CreditsReleased)
        assert Counter(event.job.hold_id for event in resolved) == dict.fromkeys(
            (job.hold_id for job in running), 1
        )
        assert all(event.amount == 25 for event in resolved)
        _histories_have_no_gap(wire.of(LedgerPosted))
    totals = (await bank.audit()).totals
    assert totals["revenue"] == 25 * 10
    assert totals["held"] == totals["open_holds"] == 0


async def test_batches_of_videos_are_held_whole_though_they_are_said_twice(
    environment: dict[str, str], bank: Bank, tmp_path: Path
) -> None:
    users = [await bank.fund(500) for _ in range(6)]
    # 500 credits hold five videos: a batch of three, and not another.
    batches = [videos_submitted(user, 3) for user in users for _ in range(2)]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(replica("billing", environment, tmp_path / "one.log"))
        await stack.enter_async_context(replica("billing", environment, tmp_path / "two.log"))
        wire = await stack.enter_async_context(Wire(environment))
        await wire.say(*batches)
        one.send_signal(signal.SIGKILL)
        await wire.hear(lambda: len(wire.of(VideoReserved, CreditsRejected)) >= 36)
    reserved = {event.job.hold_id for event in wire.of(VideoReserved)}
    assert len(reserved) == 18
    for batch in batches:
        assert len({video.job.hold_id for video in batch.videos} & reserved) in (0, 3)
    totals = (await bank.audit()).totals
    assert (totals["held"], totals["open_holds"]) == (1800, 18)


def _histories_have_no_gap(lines: list[LedgerPosted]) -> None:
    for user in {line.user_id for line in lines}:
        mine = sorted((line for line in lines if line.user_id == user), key=lambda line: line.seq)
        assert [line.seq for line in mine] == [1, 2, 3, 4, 5]
        balance = 0
        for line in mine:
            balance += line.amount
            assert line.balance_after == balance
        assert mine[-1].held_after == 0
