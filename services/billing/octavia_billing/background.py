"""What billing does by itself: expire grants whose time is over, and count holds past their deadline."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from octavia_common.database import UNAVAILABLE, Database
from octavia_common.outbox.outbox import Outbox
from prometheus_client import Counter, Gauge

from octavia_billing.ledger import Ledger
from octavia_billing.repositories.ledger import LedgerRepository

log = structlog.get_logger(__name__)

EXPIRED_ACCOUNTS = Counter(
    "octavia_billing_expired_accounts_total", "Accounts from which credits of grants were taken back."
)
OVERDUE_HOLDS = Gauge("octavia_billing_overdue_holds", "Open holds past the deadline of their job.")

EXPIRY_BATCH = 200
OVERDUE_SECONDS = 30.0


async def repeat(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    """Do `action` every so often, whatever became of the last time.

    A fault in one account must not stop billing for all others, so it is logged and the loop goes on.
    """
    while True:
        try:
            await action()
        except UNAVAILABLE as error:
            log.warning("the database is away, trying again", error=repr(error))
        except Exception:
            log.exception("a background action failed; run `octavia ledger verify`")
        await asyncio.sleep(seconds)


class GrantExpiry:
    """Posts `expire` lines, a bounded batch a transaction.

    Accounts that somebody works on are skipped: whoever touches one expires what is due on it.
    """

    def __init__(self, database: Database, outbox: Outbox, ledger: Ledger, *, every_seconds: float) -> None:
        self._database = database
        self._outbox = outbox
        self._ledger = ledger
        self._every = every_seconds

    async def run(self) -> None:
        """Look for ever; cancel it to end."""
        await repeat(self._every, self.sweep)

    async def sweep(self) -> None:
        """Expire all that is due now and not being worked on."""
        while await self.expire_batch():
            pass

    async def expire_batch(self) -> int:
        """Expire on a bounded number of accounts; how many it was."""
        async with self._database.transaction() as connection:
            accounts, told = await self._ledger.expire_due(connection, EXPIRY_BATCH)
            await self._outbox.add(connection, told)
        EXPIRED_ACCOUNTS.inc(accounts)
        return accounts


class OverdueWatch:
    """Keeps the count of overdue holds where operators look."""

    def __init__(self, database: Database, repository: LedgerRepository) -> None:
        self._database = database
        self._repository = repository

    async def run(self) -> None:
        """Count for ever; cancel it to end."""
        await repeat(OVERDUE_SECONDS, self.count)

    async def count(self) -> None:
        """Count once."""
        async with self._database.pool.acquire() as connection:
            OVERDUE_HOLDS.set(await self._repository.count_overdue(connection))
