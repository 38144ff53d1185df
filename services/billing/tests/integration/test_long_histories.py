"""What one settlement reads does not grow with what was settled before it."""

from octavia_billing.domain.operations import Capture
from octavia_billing.repositories import BY_KEY
from octavia_common.database import Database

from .conftest import Bank, held

BEFORE = 2000
"""Holds of the history: so many that a look at all of them cannot be mistaken for a few by key."""

TABLES = ("transactions", "entries", "holds", "hold_parts", "grants", "accounts")


async def _rows_read(database: Database) -> int:
    """Rows of the ledger's tables that scans have found so far, in tables and in indexes."""
    async with database.pool.acquire() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        return int(
            await connection.fetchval(
                """
                SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables
                        WHERE schemaname = 'billing' AND relname = ANY($1))
                     + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes
                        WHERE schemaname = 'billing' AND relname = ANY($1))
                """,
                list(TABLES),
            )
        )


async def test_a_settlement_reads_by_key(database: Database) -> None:
    # One connection, which plans its statements while there is nearly nothing to be read.
    young = Database(database.url, schema="billing", pool_size=1, session=BY_KEY)
    await young.open()
    try:
        bank = Bank(young)
        user = await bank.fund(10 * BEFORE)

        async def one_more() -> None:
            last = held(user, 1)
            await bank.settle(last)
            await bank.settle(Capture(user, last.hold_id, last.job_id))

        for _ in range(12):
            await one_more()
        reserves = [held(user, 1) for _ in range(BEFORE)]
        await bank.settle(*reserves)
        await bank.settle(*(Capture(user, one.hold_id, one.job_id) for one in reserves))
        before = await _rows_read(young)
        await one_more()
        assert await _rows_read(young) - before < 60
    finally:
        await young.close()
