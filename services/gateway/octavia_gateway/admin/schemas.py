"""Administration on the wire."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from octavia_common.events import GrantSource
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from octavia_gateway.auth.schemas import Email
from octavia_gateway.texts import one_line


class CreateGrant(BaseModel):
    """Credits for a user, who is named by id or by e-mail address."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID | None = None
    email: Email | None = None
    amount: int = Field(gt=0, le=1_000_000)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), one_line]
    source: GrantSource = GrantSource.PROMOTION
    priority: int = Field(100, ge=0, le=1000, description="Lower is spent first.")
    expires_at: AwareDatetime | None = None

    @field_validator("expires_at")
    @classmethod
    def _in_time(cls, value: datetime | None) -> datetime | None:
        try:
            return value.astimezone(UTC) if value else None
        except OverflowError:
            raise ValueError("this moment is beyond the calendar") from None

    @model_validator(mode="after")
    def _one_user(self) -> "CreateGrant":
        if (self.user_id is None) == (self.email is None):
            raise ValueError("send either user_id or email")
        return self


class GrantResponse(BaseModel):
    """A grant that was asked for; it is on the account as soon as billing has posted it."""

    id: UUID
    user_id: UUID
    amount: int
    reason: str
    source: GrantSource
    priority: int
    expires_at: datetime | None
    requested_by: UUID
