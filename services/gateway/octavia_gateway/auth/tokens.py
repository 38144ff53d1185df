"""Access tokens (signed, short-lived) and opaque secrets (refresh tokens, API keys)."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ISSUER = "octavia"
ALGORITHM = "HS256"
REFRESH_PREFIX = "octr_"
API_KEY_PREFIX = "octv_"


class InvalidTokenError(Exception):
    """Not a token of ours, or one that is over."""


@dataclass(frozen=True)
class AccessClaims:
    """What an access token says: who, in which session and, once read, until when (seconds since 1970)."""

    user_id: UUID
    session_id: UUID
    expires_at: float | None = field(default=None, compare=False)


class AccessTokens:
    """Issues and reads access tokens."""

    @classmethod
    def for_media(cls, secret: str, *, lifetime: timedelta) -> "AccessTokens":
        """Tokens for reading files, signed with a key of their own: one kind is nothing as the other."""
        return cls(hashlib.sha256(b"media|" + secret.encode()).hexdigest(), lifetime=lifetime)

    def __init__(self, secret: str, *, lifetime: timedelta) -> None:
        self._key = OctKey.import_key(secret)
        self.lifetime = lifetime
        self._registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            sub={"essential": True},
            sid={"essential": True},
            exp={"essential": True},
        )

    def issue(self, claims: AccessClaims, *, now: datetime | None = None) -> str:
        """A token that is valid from now for `lifetime`."""
        at = now or datetime.now(UTC)
        return jwt.encode(
            {"alg": ALGORITHM, "typ": "at+jwt"},
            {
                "iss": ISSUER,
                "sub": str(claims.user_id),
                "sid": str(claims.session_id),
                "iat": int(at.timestamp()),
                "exp": int((at + self.lifetime).timestamp()),
            },
            self._key,
        )

    def read(self, token: str) -> AccessClaims:
        """The claims of a valid token. Raises InvalidTokenError."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._registry.validate(claims)
            return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), float(claims["exp"]))
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise InvalidTokenError from error


def new_secret(prefix: str) -> str:
    """A secret of 256 random bits; the prefix lets people and scanners recognise it."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of a secret. It is random and long, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).digest()
