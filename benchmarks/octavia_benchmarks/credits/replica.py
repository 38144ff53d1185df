"""One replica of billing between a source of events and PostgreSQL: all of it but Kafka.

It has billing's own handlers and, as the service, one consumer for the beginnings of jobs and one for their
ends, each with one transaction at a time in which inbox, effect and outbox are one.
"""

import asyncio
import gc
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from octavia_billing.consumers.grants import GrantHandler
from octavia_billing.consumers.outcome import OutcomeHandler
from octavia_billing.consumers.submitted import SubmittedHandler
from octavia_billing.ledger import Ledger
from octavia_billing.price_lists import PriceLists
from octavia_billing.repositories.ledger import LedgerRepository
from octavia_billing.repositories.previews import PreviewsRepository
from octavia_billing.repositories.prices import PriceRepository
from octavia_billing.repositories.snapshot import SnapshotRepository
from octavia_common.database import Database
from octavia_common.events import CloudEvent, CreditsCaptured, CreditsReserved, EventData
from octavia_common.messaging.handlers import TransactionalHandler
from octavia_common.outbox.inbox import keep_unseen
from octavia_common.outbox.outbox import Outbox

from octavia_benchmarks.credits.accounts import PRICES, account, grants, pair

_AHEAD = 4
"""Batches of jobs that may be reserved and not yet captured when there is no pause between arrivals."""


@dataclass(frozen=True)
class Task:
    """What one replica is to do.

    Attributes:
        accounts: how many there are; each job is of one drawn at random.
        batch: most events that one transaction settles.
        pairs: most jobs to make.
        seconds: for how long to begin jobs.
        rate: jobs a second that arrive at random moments; None for as many as can be done.
    """

    url: str
    seed: int
    accounts: int
    batch: int
    pairs: int
    seconds: float
    rate: float | None = None


@dataclass
class Done:
    """What came of it: jobs reserved and captured, and how long each was from its arrival until then."""

    pairs: int = 0
    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)


Arrived = tuple[float, CloudEvent[Any], CloudEvent[Any]]
"""When a job arrived, its beginning and its end."""


class Till:
    """A consumer: takes what is there, at most a batch, and settles it in one transaction."""

    def __init__(
        self, name: str, handler: TransactionalHandler, database: Database, batch: int, told: type[EventData]
    ) -> None:
        self.waiting: deque[Arrived] = deque()
        self.woken = asyncio.Event()
        self._name = name
        self._handler = handler
        self._database = database
        self._outbox = Outbox("billing", "billing")
        self._batch = batch
        self._told = told

    async def run(self, position: int, then: Callable[[Sequence[Arrived]], None]) -> None:
        """Settle for ever what is put into `waiting`; `then` is given what was settled."""
        while True:
            await self.woken.wait()
            self.woken.clear()
            while self.waiting:
                taken = [self.waiting.popleft() for _ in range(min(self._batch, len(self.waiting)))]
                told = await self.settle([each[position] for each in taken])  # type: ignore[misc]
                settled = sum(isinstance(event, self._told) for event in told)
                if settled != len(taken):
                    raise RuntimeError(f"{self._name}: {settled} of {len(taken)} were settled")
                then(taken)

    async def settle(self, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """What the shell of a transactional consumer does with a batch."""
        async with self._database.transaction() as connection:
            unseen = await keep_unseen(connection, self._name, [event.id for event in events])
            told = await self._handler.handle(connection, [event for event in events if event.id in unseen])
            await self._outbox.add(connection, told)
        return told


class Replica:
    """Both consumers on one pool of connections."""

    def __init__(self, database: Database, batch: int) -> None:
        ledger = Ledger(SnapshotRepository(), LedgerRepository())
        prices = PriceLists(PriceRepository(), PRICES)
        self.given = Till("billing.grants", GrantHandler(ledger), database, batch, EventData)
        previews = PreviewsRepository()
        begin, end = SubmittedHandler(ledger, prices, previews), OutcomeHandler(ledger, previews)
        self._begun = Till("billing.submitted", begin, database, batch, CreditsReserved)
        self._ended = Till("billing.outcome", end, database, batch, CreditsCaptured)
        self._batch = batch
        self._ahead = batch * _AHEAD

    async def _warm_up(self, jobs: Sequence[tuple[CloudEvent[Any], CloudEvent[Any]]]) -> None:
        """Have statements prepared and code paths warm before time is taken."""
        for first in range(0, len(jobs), self._batch):
            some = jobs[first : first + self._batch]
            await self._begun.settle([begun for begun, _ in some])
            await self._ended.settle([ended for _, ended in some])

    async def work(self, task: Task, told_to_begin: Callable[[], Awaitable[None]]) -> Done:
        """Begin and end jobs as `task` says, once they are made and `told_to_begin` has returned."""
        done = Done()
        chance = random.Random(task.seed)
        jobs = deque(pair(account(chance.randint(1, task.accounts))) for _ in range(task.pairs))
        await self._warm_up([jobs.popleft() for _ in range(len(jobs) // 20)])
        gc.collect()
        gc.freeze()  # the jobs made ahead are no part of what is measured
        await told_to_begin()
        began = time.perf_counter()
        open_jobs = 0
        room = asyncio.Event()

        def reserved(taken: Sequence[Arrived]) -> None:
            self._ended.waiting.extend(taken)
            self._ended.woken.set()

        def captured(taken: Sequence[Arrived]) -> None:
            nonlocal open_jobs
            now = time.perf_counter()
            done.milliseconds += [(now - arrived) * 1000 for arrived, _, _ in taken]
            open_jobs -= len(taken)
            done.seconds = now - began
            room.set()

        async def arrive() -> None:
            nonlocal open_jobs
            due = began
            while jobs and time.perf_counter() - began < task.seconds:
                if task.rate is None:
                    while jobs and open_jobs < self._ahead:
                        self._begun.waiting.append((time.perf_counter(), *jobs.popleft()))
                        open_jobs += 1
                    self._begun.woken.set()
                    room.clear()
                    await room.wait()
                    continue
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                while jobs and due <= time.perf_counter():
                    self._begun.waiting.append((due, *jobs.popleft()))
                    open_jobs += 1
                    due += chance.expovariate(task.rate)
                self._begun.woken.set()

        async def all_arrive_and_are_settled() -> None:
            await arrive()
            while open_jobs:
                room.clear()
                await room.wait()

        consumers = [
            asyncio.create_task(self._begun.run(1, reserved)),
            asyncio.create_task(self._ended.run(2, captured)),
        ]
        arriving = asyncio.create_task(all_arrive_and_are_settled())
        try:
            await asyncio.wait([arriving, *consumers], return_when=asyncio.FIRST_COMPLETED)
            for each in (*consumers, arriving):
                if each.done():
                    each.result()
        finally:
            for each in (*consumers, arriving):
                each.cancel()
            await asyncio.gather(*consumers, arriving, return_exceptions=True)
        done.pairs = len(done.milliseconds)
        return done


async def fund(url: str, accounts: int) -> None:
    """Open the accounts, with more credits than will be spent."""
    database = Database(url, schema="billing", pool_size=1)
    await database.open()
    try:
        till = Replica(database, 1).given
        for first in range(1, accounts + 1, 1000):
            await till.settle(grants(range(first, min(first + 1000, accounts + 1))))
        await database.pool.execute("DELETE FROM outbox")
        # Not the tables that are empty yet: the server would plan as if they stayed so.
        await database.pool.execute("VACUUM ANALYZE accounts, grants")
    finally:
        await database.close()
