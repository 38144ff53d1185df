"""Folds what services say of their engines into what can be asked for."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import CloudEvent, EnginePublished, EventData

from octavia_gateway.capabilities.repository import EnginesRepository
from octavia_gateway.database import Connection


class EnginesProjection:
    """A TransactionalHandler of `engines.published`: the engine of each kind."""

    def __init__(self, engines: EnginesRepository) -> None:
        self._engines = engines

    async def handle(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Keep the newest of each kind, unless a newer one is there already."""
        for event in events:
            if isinstance(event.data, EnginePublished):
                await self._engines.put(connection, event.data, published_at=event.time)
        return []
