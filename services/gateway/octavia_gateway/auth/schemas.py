"""Accounts and tokens on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field

from octavia_gateway.texts import Secret


def _short_enough(email: str) -> str:
    if len(email) > 254:
        raise ValueError("an e-mail address has at most 254 characters")
    return email


Email = Annotated[EmailStr, AfterValidator(_short_enough)]


class Credentials(BaseModel):
    """E-mail address and password."""

    model_config = ConfigDict(extra="forbid")

    email: Email = Field(examples=["ada@example.org"])
    password: Secret = Field(max_length=1024, examples=["correct horse battery"])


class RefreshRequest(BaseModel):
    """The newest refresh token of a session."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Secret = Field(max_length=200)


class UserResponse(BaseModel):
    """An account."""

    id: UUID
    email: str
    is_admin: bool
    created_at: datetime


class TokenResponse(BaseModel):
    """Tokens of a session. The refresh token is spent by its first use, which returns the next."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme
    expires_in: int = Field(description="Seconds that the access token is valid.")
    user: UserResponse
