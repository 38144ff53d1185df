"""Sessions on the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class SessionResponse(BaseModel):
    """One place where the account is signed in."""

    id: UUID
    user_agent: str = Field(description="What the program that signed in calls itself; may be empty.")
    created_at: datetime
    last_used_at: datetime = Field(description="When its tokens were last renewed.")
    expires_at: datetime = Field(description="When it ends, unless it is used before.")
    current: bool = Field(description="Whether this call was made in it.")


class SessionList(BaseModel):
    """All open sessions of a user, last used first."""

    items: list[SessionResponse]
