"""What a session that is ended by the server leaves behind."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from octavia_common.database import Database, is_unavailable

pytestmark = pytest.mark.integration

WORKERS = 8
ROUNDS = 60


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, schema="public", pool_size=WORKERS)
    await found.open()
    yield found
    await found.close()


async def test_whatever_is_raised_as_sessions_are_ended_is_known_as_the_server_being_away(
    database: Database, database_url: str
) -> None:
    """A statement that is sent between the server's last word and the end of its connection, too."""
    known: list[Exception] = []
    other: list[Exception] = []
    over = False

    async def work() -> None:
        while not over:
            try:
                await database.pool.fetch("SELECT $1::int", 1)
            except Exception as error:  # noqa: BLE001 - each is looked at
                (known if is_unavailable(error) else other).append(error)

    workers = [asyncio.create_task(work()) for _ in range(WORKERS)]
    admin = await asyncpg.connect(database_url)
    for _ in range(ROUNDS):
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'octavia-public'"
        )
        await asyncio.sleep(0.02)
    over = True
    await asyncio.gather(*workers)
    await admin.close()
    assert not other
    assert known
    assert await database.pool.fetchval("SELECT 1") == 1
