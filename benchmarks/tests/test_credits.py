"""Both sides of the benchmark of credits: what is measured is work that was done, and done right."""

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest
from octavia_benchmarks.credits import pgbench
from octavia_benchmarks.credits.accounts import PRICE
from octavia_benchmarks.credits.replica import Replica, Task, fund
from octavia_billing.audit import audit
from octavia_billing.repositories.audit import AuditRepository
from octavia_common.database import Database
from octavia_common.migrations import migrate

pytestmark = pytest.mark.integration

ACCOUNTS = 20


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    migrations = Path(str(files("octavia_billing").joinpath("migrations")))
    await asyncio.to_thread(migrate, database_url, "billing", migrations)
    await fund(database_url, ACCOUNTS)
    database = Database(database_url, schema="billing", pool_size=4)
    await database.open()
    yield database
    await database.close()


async def _at_once() -> None:
    return None


@pytest.mark.parametrize("rate", [None, 400.0])
async def test_billing_reserves_and_captures_every_job(database: Database, rate: float | None) -> None:
    made = 400
    task = Task(database.url, 1, ACCOUNTS, 32, made, 60.0, rate)
    done = await Replica(database, task.batch).work(task, _at_once)
    warm_up = made // 20
    assert done.pairs == made - warm_up
    assert min(done.milliseconds) > 0
    async with database.pool.acquire() as connection:
        report = await audit(connection, AuditRepository())
    assert report.sound, report.differences
    assert report.totals["revenue"] == made * PRICE
    assert report.totals["held"] == 0
    assert (
        await database.pool.fetchval("SELECT count(*) FROM inbox WHERE consumer <> 'billing.grants'")
        == 2 * made
    )
    assert await database.pool.fetchval("SELECT count(*) FROM outbox") == 4 * made


async def test_pgbench_leaves_the_rows_that_billing_leaves(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgbench, "CLIENTS", (4,))
    await asyncio.to_thread(pgbench.install, database.url)
    rate, clients = await asyncio.to_thread(
        pgbench.pairs_a_second, database.url, accounts=ACCOUNTS, seconds=1
    )
    assert rate > 0
    assert clients == 4
    row = await database.pool.fetchrow(
        """
        SELECT (SELECT count(*) FROM pgbench.holds WHERE state = 'captured') AS pairs,
               (SELECT count(*) FROM pgbench.holds) AS holds,
               (SELECT count(*) FROM pgbench.hold_parts) AS parts,
               (SELECT count(*) FROM pgbench.transactions WHERE kind <> 'grant') AS lines,
               (SELECT count(*) FROM pgbench.entries WHERE book <> 'granted') - $1 AS sides,
               (SELECT sum(amount) FROM pgbench.entries) AS total,
               (SELECT sum(amount) FROM pgbench.entries WHERE book = 'revenue') AS revenue,
               (SELECT sum(g.remaining) FROM pgbench.grants g)
                   - (SELECT sum(a.available) FROM pgbench.accounts a) AS difference
        """,
        ACCOUNTS,
    )
    assert row is not None
    pairs = row["pairs"]
    assert pairs > 0
    assert dict(row) == {
        "pairs": pairs,
        "holds": pairs,
        "parts": pairs,
        "lines": 2 * pairs,
        "sides": 4 * pairs,
        "total": 0,
        "revenue": PRICE * pairs,
        "difference": 0,
    }
