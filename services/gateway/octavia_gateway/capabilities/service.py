"""What the platform can do now, worked out anew when an engine was told of."""

from collections.abc import Mapping, Sequence

from octavia_gateway.capabilities.errors import CapabilitiesUnknownError
from octavia_gateway.capabilities.models import Capabilities, Told
from octavia_gateway.capabilities.repository import EnginesRepository
from octavia_gateway.database import GatewayDatabase


class CapabilitiesService:
    """Reads the engines; `narrowed` are the operator's language pairs (LANGUAGE_PAIRS)."""

    def __init__(self, database: GatewayDatabase, narrowed: Mapping[str, Sequence[str]]) -> None:
        self._database = database
        self._narrowed = narrowed
        self._repository = EnginesRepository()
        self._known = (Told(), Capabilities.of(Told(), narrowed))

    async def current(self) -> Capabilities:
        """What can be asked for. Raises CapabilitiesUnknownError (503).

        Where the operator named pairs these hold even before the engines are known.
        """
        told, capabilities = self._known
        async with self._database.service_connection() as connection:
            if await self._repository.times(connection) != told.times:
                told = await self._repository.all(connection)
                capabilities = Capabilities.of(told, self._narrowed)
                self._known = (told, capabilities)
        if not told.complete and not self._narrowed:
            raise CapabilitiesUnknownError
        return capabilities
