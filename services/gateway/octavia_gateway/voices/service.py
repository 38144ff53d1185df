"""What a user does with remembered speakers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.voices.repository import SpeakersRepository


class SpeakersService:
    """Reads and replaces what is remembered."""

    def __init__(
        self, database: GatewayDatabase, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock
        self._speakers = SpeakersRepository()

    async def all_of(self, user_id: UUID) -> dict[str, str]:
        """Voices by name."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._speakers.all_of(connection, user_id)

    async def replace(self, user_id: UUID, voices: Mapping[str, str]) -> dict[str, str]:
        """Remember these, and nobody else."""
        async with self._database.user_transaction(user_id) as connection:
            await self._speakers.forget_all_but(connection, user_id, voices)
            await self._speakers.remember(connection, user_id, voices, at=self._clock())
            return await self._speakers.all_of(connection, user_id)
