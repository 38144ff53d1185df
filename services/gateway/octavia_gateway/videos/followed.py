"""A video that a stream follows."""

from dataclasses import dataclass
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft
from octavia_gateway.videos.announce import draft_of
from octavia_gateway.videos.repository import VideosRepository


@dataclass(frozen=True)
class FollowedVideo:
    """One video of a user."""

    id: UUID

    async def now(self, connection: Connection, user_id: UUID) -> tuple[Draft, int]:
        """How it stands, and the number of the user's newest event. Raises VideoNotFoundError (404)."""
        video, seq = await VideosRepository().get_with_seq(connection, user_id, self.id)
        return draft_of(video), seq
