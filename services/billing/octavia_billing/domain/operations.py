"""What can be asked of the ledger, and what becomes of it. Every operation is harmless when repeated."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from octavia_common.events import GrantSource


@dataclass(frozen=True, slots=True)
class AddGrant:
    """Give a user credits; `grant_id` makes it once. An amount of 0 is remembered and posts nothing."""

    user_id: UUID
    grant_id: UUID
    source: GrantSource
    amount: int
    priority: int
    expires_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Bind `amount` credits to a run of a job, all or nothing."""

    user_id: UUID
    hold_id: UUID
    job_id: UUID
    amount: int
    purpose: str
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReserveAll:
    """Bind credits to several runs of one user: to all of them or to none.

    A run that was decided before (its end may come before its beginning) is passed over and needs nothing.
    """

    user_id: UUID
    reserves: tuple[Reserve, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """Never hold anything for this run: what was asked does not stand."""

    user_id: UUID
    hold_id: UUID
    job_id: UUID
    purpose: str


@dataclass(frozen=True, slots=True)
class Capture:
    """The job is delivered: spend its hold, or `amount` or a `share` of it and give the rest back.

    A share is rounded down, in favour of the user; `missing` says what the rest was for.
    """

    user_id: UUID
    hold_id: UUID
    job_id: UUID
    amount: int | None = None
    share: Fraction = Fraction(1)
    missing: str = "not all of it was needed"

    @property
    def is_partial(self) -> bool:
        """Whether some of the hold may go back to where it came from."""
        return self.amount is not None or self.share != 1


@dataclass(frozen=True, slots=True)
class Release:
    """The job was not delivered (`why`, one word): give its hold back."""

    user_id: UUID
    hold_id: UUID
    job_id: UUID
    why: str


@dataclass(frozen=True, slots=True)
class ExpireDue:
    """Take back what remains of the user's grants whose time is over."""

    user_id: UUID


Operation = AddGrant | Reserve | ReserveAll | Reject | Capture | Release | ExpireDue


def holds_of(operation: Operation) -> tuple[UUID, ...]:
    """The holds that an operation may open or resolve."""
    match operation:
        case ReserveAll():
            return tuple(reserve.hold_id for reserve in operation.reserves)
        case AddGrant() | ExpireDue():
            return ()
        case _:
            return (operation.hold_id,)


class Verdict(StrEnum):
    """What became of an operation."""

    GRANTED = "granted"
    RESERVED = "reserved"
    REJECTED = "rejected"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"
    UNCHANGED = "unchanged"
    """It was done or decided before: there is nothing to tell anybody."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one operation, the credits it moved and the balance it left.

    `each` has the verdicts on the runs of a `ReserveAll`, in their order.
    """

    verdict: Verdict
    amount: int = 0
    available: int = 0
    each: tuple["Outcome", ...] = ()
