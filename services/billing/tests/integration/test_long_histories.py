"""What one settlement reads does not grow with what was settled before it."""

from octavia_billing.domain.operations import Capture, Reserve
from octavia_common.database import Database

from .conftest import Bank, held

BEFORE = 5000
"""Holds of the history: so many that the planner itself would not look at all of them."""

TABLES = ("transactions", "entries", "holds", "hold_parts", "grants", "accounts")


async def _rows_read(database: Database) -> int:
    """Rows that scans of any kind have returned so far, from the ledger's tables."""
    async with database.pool.acquire() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        return int(
            await connection.fetchval(
                """
                SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_user_tables
                WHERE schemaname = 'billing' AND relname = ANY($1)
                """,
                list(TABLES),
            )
        )


async def test_a_settlement_reads_by_key(bank: Bank, database: Database) -> None:
    user = await bank.fund(10 * BEFORE)
    reserves = [held(user, 1) for _ in range(BEFORE)]
    await bank.settle(*reserves)
    await bank.settle(*(Capture(user, one.hold_id, one.job_id) for one in reserves))
    # As autovacuum does by itself; without it the planner believes the tables to be empty.
    await database.pool.execute("ANALYZE")

    async def one_more() -> None:
        last: Reserve = held(user, 1)
        await bank.settle(last)
        await bank.settle(Capture(user, last.hold_id, last.job_id))

    # Connections plan a statement anew a few times before they keep its plan.
    for _ in range(12):
        await one_more()
    before = await _rows_read(database)
    await one_more()
    assert await _rows_read(database) - before < 60
