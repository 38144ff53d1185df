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
    """The caller.

    Attributes:
        session_id: None where an API key was shown.
        key_id: the API key; None where an access token was shown.
        expires_at: when the access token runs out, in seconds since 1970; None for an API key.
    """

    user_id: UUID
    email: str
    is_admin: bool
    session_id: UUID | None = None
    key_id: UUID | None = None
    expires_at: float | None = None


class Authenticator(Protocol):
    """Turns what stands in the Authorization header into a user."""

    async def authenticate(self, credential: str) -> User:
        """The user a token or key stands for. Raises UnauthenticatedError."""
        ...
