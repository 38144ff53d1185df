"""Lists a user's sessions and ends them."""

from uuid import UUID

from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.problems import NotFoundError
from octavia_gateway.sessions.schemas import SessionList, SessionResponse


class SessionNotFoundError(NotFoundError):
    """No such session, or another user's, or over already."""

    code = "session_not_found"

    def __init__(self, session_id: UUID) -> None:
        super().__init__(f"There is no open session {session_id}.")


class SessionsService:
    """Open sessions. `refresh_token_days` is how long one lives on from each use."""

    def __init__(self, database: GatewayDatabase, *, refresh_token_days: int) -> None:
        self._database = database
        self._days = refresh_token_days
        self._accounts = AuthRepository()

    async def list_all(self, user_id: UUID, current: UUID | None) -> SessionList:
        """All that are open, last used first."""
        async with self._database.user_transaction(user_id) as connection:
            rows = await self._accounts.sessions(connection, user_id, days=self._days)
        return SessionList(
            items=[
                SessionResponse(
                    id=row["session_id"],
                    user_agent=row["user_agent"],
                    created_at=row["created_at"],
                    last_used_at=row["last_used_at"],
                    expires_at=row["expires_at"],
                    current=row["session_id"] == current,
                )
                for row in rows
            ]
        )

    async def end(self, user_id: UUID, session_id: UUID) -> None:
        """End a session of the user. Raises SessionNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            if not await self._accounts.end_own(connection, user_id, session_id):
                raise SessionNotFoundError(session_id)
