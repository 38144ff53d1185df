"""A job that a stream follows."""

from dataclasses import dataclass
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft
from octavia_gateway.jobs.announce import draft_of
from octavia_gateway.jobs.repository import JobsRepository


@dataclass(frozen=True)
class FollowedJob:
    """One job of a user."""

    id: UUID

    async def now(self, connection: Connection, user_id: UUID) -> tuple[Draft, int]:
        """How it stands, and the number of the user's newest event. Raises JobNotFoundError (404)."""
        job, seq = await JobsRepository().get_with_seq(connection, user_id, self.id)
        return draft_of(job), seq
