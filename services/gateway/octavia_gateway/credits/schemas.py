"""Credits on the wire. Amounts are whole credits."""

from datetime import datetime
from uuid import UUID

from octavia_common.events import EntryKind
from octavia_common.pricing import PriceList
from pydantic import BaseModel, Field

from octavia_gateway.pagination import Page


class BalanceResponse(BaseModel):
    """What a user has."""

    available: int = Field(description="Free to spend.")
    held: int = Field(description="Reserved for jobs at work.")
    total: int = Field(description="Both together.")


class TransactionResponse(BaseModel):
    """One line of the history."""

    id: UUID
    seq: int = Field(description="Counts the user's lines from 1.")
    kind: EntryKind
    amount: int = Field(description="Change of the available credits; 0 for a capture.")
    credits: int = Field(description="Size of the movement, without sign, also for a capture.")
    balance_after: int
    held_after: int
    reason: str
    job_id: UUID | None
    created_at: datetime


class TransactionPage(Page[TransactionResponse]):
    """The history, newest first."""


class PricesResponse(PriceList):
    """The price list in force: by kind of job, tiers of the source's length, for each target language."""
