"""A web hook and its deliveries, as the gateway keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Why = Literal["gone", "failing", "by_owner"]
"""Why a web hook is disabled: its address answered 410, it failed for days, its owner wants it so."""


@dataclass(frozen=True)
class Webhook:
    """An address that is told."""

    webhook_id: UUID
    url: str
    kinds: tuple[str, ...]
    created_at: datetime
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: Why | None = None


@dataclass(frozen=True)
class Delivery:
    """One message to one address. `next_at` is None once it was delivered or given up."""

    delivery_id: UUID
    webhook_id: UUID
    kind: str
    created_at: datetime
    tries: int
    next_at: datetime | None
    delivered_at: datetime | None
    last_tried_at: datetime | None
    last_status: int | None
    last_error: str | None


@dataclass(frozen=True)
class Due:
    """A delivery that this process has in hand, by `token`, and what it takes to send it."""

    delivery_id: UUID
    webhook_id: UUID
    token: UUID
    url: str
    body: str
    secrets: tuple[str, ...]
    tries: int
    failing_since: datetime | None
