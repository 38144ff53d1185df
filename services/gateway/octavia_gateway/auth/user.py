"""The caller of a request."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from octavia_gateway.problems import ApiError


class UnauthenticatedError(ApiError):
    """No credentials, or none that are valid (RFC 6750)."""

    status = 401
    code = "unauthenticated"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"WWW-Authenticate": 'Bearer realm="octavia"'})


@dataclass(frozen=True)
class User:
    """The caller. `session_id` is None where an API key was shown."""

    user_id: UUID
    email: str
    is_admin: bool
    session_id: UUID | None = None


class Authenticator(Protocol):
    """Turns what stands in the Authorization header into a user."""

    async def authenticate(self, credential: str) -> User:
        """The user a token or key stands for. Raises UnauthenticatedError."""
        ...
