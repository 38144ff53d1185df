"""Events of accounts and credits. Amounts are whole credits."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field, PositiveInt

from octavia_common.events.base import JobError, JobEvent, JobSpec
from octavia_common.events.envelope import EventData
from octavia_common.pricing import PriceList


class AccountEvent(EventData):
    """An event of one user's account."""

    user_id: UUID

    def subject(self) -> str:
        return str(self.user_id)


class UserRegistered(AccountEvent):
    """Somebody has an account now: open theirs and grant the welcome credits."""

    TYPE: ClassVar[str] = "octavia.users.registered.v1"

    def identity(self) -> tuple[str, ...]:
        return (str(self.user_id),)


class GrantSource(StrEnum):
    """Where granted credits come from."""

    WELCOME = "welcome"
    PURCHASE = "purchase"
    PROMOTION = "promotion"
    REFUND = "refund"


class GrantRequested(AccountEvent):
    """An administrator gives a user credits."""

    TYPE: ClassVar[str] = "octavia.credits.grant-requested.v1"

    grant_id: UUID
    amount: PositiveInt
    source: GrantSource
    priority: int = Field(default=100, description="Lower is spent first.")
    expires_at: datetime | None = None
    reason: str
    requested_by: UUID

    def identity(self) -> tuple[str, ...]:
        return (str(self.grant_id),)


class EntryKind(StrEnum):
    """The names on a user's history."""

    RESERVE = "reserve"
    CAPTURE = "capture"
    RELEASE = "release"
    GRANT = "grant"
    EXPIRE = "expire"


class LedgerPosted(AccountEvent):
    """One line of a user's history, with the balance after it.

    `seq` counts a user's lines from 1 without gaps; a reader applies a line only when it is newer
    than the last one it has. `amount` is the signed change of the available balance (a capture's is
    0: its credits left `available` when they were held).
    """

    TYPE: ClassVar[str] = "octavia.credits.ledger-posted.v1"

    entry_id: UUID
    seq: PositiveInt
    kind: EntryKind
    amount: int
    credits: int = Field(description="Unsigned size of the movement, also for a capture.")
    balance_after: int = Field(description="Available credits after the line.")
    held_after: int = Field(description="Credits in open holds after the line.")
    reason: str
    job_id: UUID | None = None
    posted_at: datetime

    def identity(self) -> tuple[str, ...]:
        return (str(self.entry_id),)


class PricesPublished(EventData):
    """The price list in force, so that the gateway can quote."""

    TYPE: ClassVar[str] = "octavia.credits.prices-published.v1"

    prices: PriceList

    def subject(self) -> str:
        return "prices"

    def identity(self) -> tuple[str, ...]:
        return (self.prices.version,)


class CreditsReserved(JobEvent):
    """The credits are held: work on the job begins."""

    TYPE: ClassVar[str] = "octavia.credits.reserved.v1"

    spec: JobSpec
    amount: int


class CreditsRejected(JobEvent):
    """Nothing was held (too little balance, or a quote that does not stand): nothing may run."""

    TYPE: ClassVar[str] = "octavia.credits.rejected.v1"

    required: int
    available: int
    error: JobError


class CreditsCaptured(JobEvent):
    """The job is paid: only now is it shown as completed."""

    TYPE: ClassVar[str] = "octavia.credits.captured.v1"

    amount: int


class ReleaseReason(StrEnum):
    """Why held credits went back."""

    FAILED = "failed"
    CANCELLED = "cancelled"


class CreditsReleased(JobEvent):
    """The held credits are back: only now is the job shown as failed or cancelled."""

    TYPE: ClassVar[str] = "octavia.credits.released.v1"

    amount: int
    reason: ReleaseReason
    error: JobError | None = None
