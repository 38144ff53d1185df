"""Billing as it runs: two processes between real Kafka and PostgreSQL, every event sent twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from octavia_billing.domain.prices import load_prices
from octavia_billing.settings import BillingSettings
from octavia_common.commands.topics import apply_topics
from octavia_common.events import (
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    EventData,
    JobAssembled,
    JobCancelled,
    LedgerPosted,
    PricesPublished,
    UserRegistered,
)
from octavia_common.messaging.codec import decode, encode
from octavia_common.topics import CREDITS_LEDGER, CREDITS_PRICES, CREDITS_RESERVED, CREDITS_RESOLVED, topic_of

from .conftest import Bank
from .test_consumers import submitted

pytestmark = pytest.mark.integration

TOLD = (CREDITS_LEDGER, CREDITS_PRICES, CREDITS_RESERVED, CREDITS_RESOLVED)


class Wire:
    """The rest of the platform: says things, and hears what billing says."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._prefix = environment["KAFKA_PREFIX"]
        servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
        self._producer = AIOKafkaProducer(bootstrap_servers=servers)
        names = [f"{self._prefix}{topic.name}" for topic in TOLD]
        self._consumer = AIOKafkaConsumer(*names, bootstrap_servers=servers, auto_offset_reset="earliest")
        self.heard: dict[UUID, EventData] = {}

    async def __aenter__(self) -> "Wire":
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._producer.stop()

    async def say(self, *events: EventData) -> None:
        for event in events:
            for _ in range(2):
                topic = f"{self._prefix}{topic_of(type(event)).name}"
                await self._producer.send(topic, encode(event, service="test"), key=event.key().encode())
        await self._producer.flush()

    async def hear(self, enough: Callable[[], bool]) -> None:
        """Listen until `enough` has come."""
        async with asyncio.timeout(80):
            while not enough():
                for records in (await self._consumer.getmany(timeout_ms=300)).values():
                    events: list[Any] = [decode(record.value) for record in records]
                    self.heard.update((event.id, event.data) for event in events)

    def of(self, *kinds: type[EventData]) -> list[Any]:
        return [event for event in self.heard.values() if isinstance(event, kinds)]


@asynccontextmanager
async def replica(environment: dict[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`octavia-billing` as a process; whatever it does, it ends with the test."""
    program = Path(sys.executable).with_name("octavia-billing")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def environment(addresses: Any, bank: Bank, topic_prefix: str, bucket: str) -> dict[str, str]:
    environment = {
        **addresses.environment(),
        "DATABASE_URL": bank.database.url,
        "KAFKA_PREFIX": topic_prefix,
        "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
        "S3_BUCKET": bucket,
        "WELCOME_CREDITS": "60",
    }
    await apply_topics(
        BillingSettings(kafka_bootstrap_servers=addresses.kafka_bootstrap_servers, kafka_prefix=topic_prefix)
    )
    return environment


async def test_one_of_two_is_killed_while_everything_is_said_twice(
    environment: dict[str, str], bank: Bank, tmp_path: Path
) -> None:
    users = [uuid4() for _ in range(10)]
    jobs = [submitted(user) for user in users for _ in range(3)]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(replica(environment, tmp_path / "one.log"))
        two = await stack.enter_async_context(replica(environment, tmp_path / "two.log"))
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


def _histories_have_no_gap(lines: list[LedgerPosted]) -> None:
    for user in {line.user_id for line in lines}:
        mine = sorted((line for line in lines if line.user_id == user), key=lambda line: line.seq)
        assert [line.seq for line in mine] == [1, 2, 3, 4, 5]
        balance = 0
        for line in mine:
            balance += line.amount
            assert line.balance_after == balance
        assert mine[-1].held_after == 0
