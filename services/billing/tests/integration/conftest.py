"""A ledger on a real database of its own."""

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_billing.audit import AuditReport, audit
from octavia_billing.domain.operations import AddGrant, Operation, Outcome, Reserve
from octavia_billing.ledger import Ledger
from octavia_billing.repositories import BY_KEY
from octavia_billing.repositories.audit import AuditRepository
from octavia_billing.repositories.ledger import LedgerRepository
from octavia_billing.repositories.snapshot import SnapshotRepository
from octavia_billing.settings import BillingSettings
from octavia_common.commands.topics import apply_topics
from octavia_common.database import Database
from octavia_common.events import EventData, GrantSource
from octavia_common.migrations import migrate


class Bank:
    """What a replica of billing is to its database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger = Ledger(SnapshotRepository(), LedgerRepository())

    async def settle(self, *operations: Operation) -> list[Outcome]:
        return (await self.settle_and_tell(*operations))[0]

    async def settle_and_tell(self, *operations: Operation) -> tuple[list[Outcome], list[EventData]]:
        async with self.database.transaction() as connection:
            return await self.ledger.settle(connection, operations)

    async def fund(self, amount: int, **grant: Any) -> UUID:
        """A new user with one grant."""
        user = uuid4()
        await self.settle(given(user, amount, **grant))
        return user

    async def balance(self, user: UUID) -> tuple[int, int]:
        row = await self.database.pool.fetchrow(
            "SELECT available, held FROM accounts WHERE user_id = $1", user
        )
        assert row is not None
        return row["available"], row["held"]

    async def audit(self) -> AuditReport:
        """As `octavia ledger verify` does: on a connection that may read tables as a whole."""
        reader = Database(self.database.url, schema="billing", pool_size=1)
        await reader.open()
        try:
            async with reader.pool.acquire() as connection:
                return await audit(connection, AuditRepository())
        finally:
            await reader.close()


def given(user: UUID, amount: int, **grant: Any) -> AddGrant:
    values: dict[str, Any] = {
        "grant_id": uuid4(),
        "source": GrantSource.PURCHASE,
        "priority": 100,
        "expires_at": None,
        "reason": "Bought",
    }
    return AddGrant(user_id=user, amount=amount, **{**values, **grant})


def held(user: UUID, amount: int) -> Reserve:
    return Reserve(user, uuid4(), uuid4(), amount, "Video translation")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    folder = Path(str(files("octavia_billing").joinpath("migrations")))
    await asyncio.to_thread(migrate, database_url, "billing", folder)
    database = Database(database_url, schema="billing", pool_size=24, session=BY_KEY)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def bank(database: Database) -> AsyncIterator[Bank]:
    """Whatever a test did, the ledger must agree with itself in the end."""
    bank = Bank(database)
    yield bank
    report = await bank.audit()
    assert report.sound, report.differences


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
