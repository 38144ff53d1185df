"""The price list in force and all that were: published once each, remembered for their quotes."""

from collections.abc import Collection, Mapping

import structlog
from octavia_common.database import Database
from octavia_common.events import PricesPublished
from octavia_common.outbox.outbox import Outbox
from octavia_common.pricing import PriceList

from octavia_billing.repositories import Connection
from octavia_billing.repositories.prices import PriceRepository

log = structlog.get_logger(__name__)


class PriceLists:
    """Finds a list by its version; a list never changes, so one found is kept in memory."""

    def __init__(self, repository: PriceRepository, current: PriceList) -> None:
        self._repository = repository
        self._current = current
        self._known = {current.version: current}

    async def by_version(self, connection: Connection, versions: Collection[str]) -> Mapping[str, PriceList]:
        """The known ones among `versions`: a newer replica may have published one not seen here."""
        missing = set(versions) - self._known.keys()
        if missing:
            found = await self._repository.find(connection, missing)
            self._known.update((prices.version, prices) for prices in found)
        return self._known

    async def publish(self, database: Database, outbox: Outbox) -> None:
        """Tell the platform of the current list, once for each version.

        A version that another one followed stays replaced, so that a replica of an older release
        that restarts in the middle of an upgrade does not bring its prices back.
        """
        async with database.transaction() as connection:
            if await self._repository.add(connection, self._current):
                await outbox.add(connection, [PricesPublished(prices=self._current)])
                log.info("prices published", version=self._current.version)
                return
            latest = await self._repository.latest_version(connection)
        if latest != self._current.version:
            log.warning(
                "these prices were replaced by others; raise `edition` in the file to bring them back",
                version=self._current.version,
                in_force=latest,
            )
