"""A batch that a stream follows."""

from dataclasses import dataclass
from uuid import UUID

from octavia_gateway.batches.announce import draft_of
from octavia_gateway.batches.repository import BatchesRepository
from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft


@dataclass(frozen=True)
class FollowedBatch:
    """One batch of a user."""

    id: UUID

    async def now(self, connection: Connection, user_id: UUID) -> tuple[Draft, int]:
        """How it stands, and the number of the user's newest event. Raises BatchNotFoundError (404)."""
        batch, seq = await BatchesRepository().get_with_seq(connection, user_id, self.id)
        return draft_of(batch), seq
