"""Folds billing's ledger and prices into what users see of their credits."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import CloudEvent, EventData, LedgerPosted, PricesPublished

from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection
from octavia_gateway.events.log import EventLog


class LedgerProjection:
    """A TransactionalHandler of `credits.ledger`: history and balance."""

    def __init__(self, credits_: CreditsRepository, log: EventLog) -> None:
        self._credits = credits_
        self._log = log

    async def handle(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Apply `events`; lines may come twice or late, the newest line's balance stands."""
        lines = [event.data for event in events if isinstance(event.data, LedgerPosted)]
        await self._credits.add_lines(connection, lines)
        await self._log.announce_credits(connection, sorted({line.user_id for line in lines}))
        return []


class PricesProjection:
    """A TransactionalHandler of `credits.prices`: the list in force."""

    def __init__(self, credits_: CreditsRepository) -> None:
        self._credits = credits_

    async def handle(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Keep the newest of `events`, unless a newer list is there already."""
        for event in events:
            if isinstance(event.data, PricesPublished):
                await self._credits.put_prices(connection, event.data.prices, published_at=event.time)
        return []
