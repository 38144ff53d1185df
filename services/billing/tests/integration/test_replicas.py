"""Several replicas of billing on one database, as they run: nobody gets what another has, none fails."""

import asyncio
import json
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from octavia_common.events import (
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    EventData,
    GrantRequested,
    GrantSource,
    JobAssembled,
    JobCancelled,
    JobError,
    JobFailed,
    JobRef,
    JobSubmitted,
    LedgerPosted,
    UserRegistered,
)
from octavia_common.messaging.codec import decode
from octavia_common.testing import replica

from .conftest import Bank
from .test_consumers import submitted
from .wire import Wire

pytestmark = pytest.mark.integration

ENDS = (CreditsRejected, CreditsCaptured, CreditsReleased)


async def test_twenty_jobs_of_75_at_once_against_500(
    environment: dict[str, str], bank: Bank, tmp_path: Path
) -> None:
    user = uuid4()
    jobs = [submitted(user, credits_quoted=75, languages=("es", "fr", "pt")) for _ in range(20)]
    settings = {**environment, "WELCOME_CREDITS": "500"}
    async with AsyncExitStack() as stack:
        for number in range(2):
            await stack.enter_async_context(replica("billing", settings, tmp_path / f"{number}.log"))
        wire = await stack.enter_async_context(Wire(environment))
        await wire.say(UserRegistered(user_id=user))
        await wire.hear(lambda: bool(wire.of(LedgerPosted)))
        await wire.say(*jobs)
        await wire.hear(lambda: len(wire.of(CreditsReserved, CreditsRejected)) >= 20)
        await wire.hear(lambda: len(wire.of(LedgerPosted)) >= 7)
    reserved, rejected = wire.of(CreditsReserved), wire.of(CreditsRejected)
    assert (len(reserved), len(rejected)) == (6, 14)
    assert {event.job.hold_id for event in (*reserved, *rejected)} == {job.job.hold_id for job in jobs}
    assert {event.error.code for event in rejected} == {"insufficient_credits"}
    assert await bank.balance(user) == (50, 450)


@pytest.mark.parametrize(
    ("waves", "size"),
    [
        pytest.param(3, 80, id="short"),
        pytest.param(20, 300, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_four_replicas_under_a_zipf_load(
    environment: dict[str, str], bank: Bank, tmp_path: Path, waves: int, size: int
) -> None:
    """Accounts are drawn by Zipf's law with exponent 2, every event comes twice, grants run out meanwhile.

    No deadlock, no error, each job answered once, and at every moment the balances rebuilt from the
    entries are the stored ones.
    """
    settings = {**environment, "WELCOME_CREDITS": "1500", "GRANT_EXPIRY_SECONDS": "0.3"}
    crowd = Crowd(seed=waves, users=30)
    async with AsyncExitStack() as stack:
        logs = [tmp_path / f"{number}.log" for number in range(4)]
        replicas = [await stack.enter_async_context(replica("billing", settings, log)) for log in logs]
        wire = await stack.enter_async_context(Wire(environment))
        watch = Watch(bank)
        watching = asyncio.create_task(watch.run())
        await wire.say(*(UserRegistered(user_id=user) for user in crowd.users))
        for _ in range(waves):
            await wire.say(*crowd.wave(size))
            await wire.hear(lambda: crowd.answered(wire))
            await wire.say(*crowd.endings(wire))
        await wire.hear(lambda: len(wire.of(*ENDS)) >= len(crowd.jobs))
        watch.end()
        looks = await watching
        for process in replicas:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            codes = [await process.wait() for process in replicas]
        # What a replica had no time to send before it stopped, the next one to start would send.
        unsent = [decode(row["body"]) for row in await bank.database.pool.fetch("SELECT body FROM outbox")]
        wire.heard.update((event.id, event.data) for event in unsent)
        lines = await bank.database.pool.fetchval("SELECT count(*) FROM transactions")
        await wire.hear(lambda: len(wire.of(LedgerPosted)) >= lines)

    assert codes == [0] * 4
    assert [line for log in logs for line in complaints(log)] == []
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert await bank.database.pool.fetchval(deadlocks) == 0
    assert looks >= 3
    assert Counter(event.job.hold_id for event in wire.of(*ENDS)) == Counter(crowd.jobs)
    assert len(wire.of(CreditsCaptured)) > len(crowd.jobs) / 5
    for user in crowd.users:
        mine = sorted((line for line in wire.of(LedgerPosted) if line.user_id == user), key=lambda x: x.seq)
        assert [line.seq for line in mine] == list(range(1, len(mine) + 1))
        assert (mine[-1].balance_after, mine[-1].held_after) == await bank.balance(user)
        assert mine[-1].balance_after == sum(line.amount for line in mine)


class Crowd:
    """Users and what they ask for, drawn from a seed."""

    def __init__(self, *, seed: int, users: int) -> None:
        self._chance = random.Random(seed)
        self.users = [uuid4() for _ in range(users)]
        self._weights = [1 / rank**2.0 for rank in range(1, users + 1)]
        self.jobs: list[UUID] = []
        """The hold of each."""
        self._to_end: dict[UUID, JobSubmitted] = {}

    def wave(self, size: int) -> list[EventData]:
        """Jobs begun, the ends of some (which may arrive first), and grants of which some soon run out."""
        said: list[EventData] = []
        for user in self._chance.choices(self.users, self._weights, k=size):
            job = submitted(user)
            self.jobs.append(job.job.hold_id)
            self._to_end[job.job.hold_id] = job
            said.append(job)
            if self._chance.random() < 0.15:
                said.append(self._ending(job.job))
            if self._chance.random() < 0.1:
                said.append(self._grant(user))
        self._chance.shuffle(said)
        return said

    def answered(self, wire: Wire) -> bool:
        """Whether billing has said something of every job."""
        known = {event.job.hold_id for event in wire.of(CreditsReserved, *ENDS)}
        return known.issuperset(self.jobs)

    def endings(self, wire: Wire) -> list[EventData]:
        """One or two ends of each job that is not ended yet, in any order."""
        ended = {event.job.hold_id for event in wire.of(*ENDS)}
        jobs = [job.job for hold, job in self._to_end.items() if hold not in ended]
        self._to_end.clear()
        said = [self._ending(job) for job in jobs for _ in range(self._chance.choice((1, 1, 2)))]
        self._chance.shuffle(said)
        return said

    def _ending(self, job: JobRef) -> EventData:
        error = JobError(code="no_audio", message="No sound.", stage="transcriber")
        kinds = (JobAssembled(job=job, outputs=()), JobCancelled(job=job), JobFailed(job=job, error=error))
        return self._chance.choices(kinds, (3, 1, 1))[0]

    def _grant(self, user: UUID) -> EventData:
        soon = datetime.now(UTC) + timedelta(seconds=self._chance.uniform(0.2, 3))
        return GrantRequested(
            user_id=user,
            grant_id=uuid4(),
            amount=self._chance.randint(1, 120),
            source=GrantSource.PROMOTION,
            priority=self._chance.randint(1, 200),
            expires_at=self._chance.choice((soon, soon, None)),
            reason="Have fun",
            requested_by=uuid4(),
        )


class Watch:
    """Rebuilds the ledger from its entries again and again while others work on it."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._over = asyncio.Event()

    async def run(self) -> int:
        """How often the ledger was found sound until `end`; the first difference fails the test."""
        looks = 0
        while not self._over.is_set():
            report = await self._bank.audit()
            assert report.sound, report.differences
            looks += 1
            await asyncio.sleep(0.2)
        return looks

    def end(self) -> None:
        self._over.set()


def complaints(log: Path) -> list[str]:
    """What a replica said of itself that is a warning or worse."""
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return [
        json.dumps(entry)
        for entry in entries
        if entry["level"] in ("warning", "error", "critical") and entry["logger"].startswith("octavia")
    ]
