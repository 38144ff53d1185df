"""Cursor pagination: a cursor is opaque to clients and points behind the last item of a page."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from octavia_gateway.problems import ApiError

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=100, description="Most items of one page.")]
CursorQuery = Annotated[
    str | None, Query(alias="cursor", max_length=200, description="`next_cursor` of the page before.")
]


class InvalidCursorError(ApiError):
    """Not a cursor that this list gave out."""

    status = 422
    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not valid. Send next_cursor of the page before, unchanged.")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


def encode_cursor(*values: Any) -> str:
    """An opaque cursor of JSON values, dates and UUIDs."""
    text = json.dumps([_plain(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _decode(cursor: str) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursorError from None
    if not isinstance(values, list):
        raise InvalidCursorError
    return values


def decode_moment(cursor: str | None) -> tuple[datetime, UUID] | None:
    """A cursor over (time, id). Raises InvalidCursorError."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [str() as moment, str() as identity]:
            try:
                at = datetime.fromisoformat(moment)
                if at.tzinfo is not None:
                    return at.astimezone(UTC), UUID(identity)
            except (ValueError, OverflowError):  # the year 1, east of Greenwich
                pass
    raise InvalidCursorError


def decode_number(cursor: str | None) -> int | None:
    """A cursor over a running number. Raises InvalidCursorError."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [int() as number] if not isinstance(number, bool) and 0 <= number < 2**63:
            return number
    raise InvalidCursorError
