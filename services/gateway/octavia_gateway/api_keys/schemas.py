"""API keys on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from octavia_gateway.texts import one_line


class CreateApiKey(BaseModel):
    """A name to know the key by."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), one_line]


class ApiKeyResponse(BaseModel):
    """A key, without the key itself."""

    id: UUID
    name: str
    hint: str = Field(description="How the key begins.")
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")


class NewApiKeyResponse(ApiKeyResponse):
    """A key just made: the only time that it is shown."""

    key: str


class ApiKeyList(BaseModel):
    """All keys of a user, newest first."""

    items: list[ApiKeyResponse]
