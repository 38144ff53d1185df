"""Double entry: one line of a user's history is one transaction of two entries that sum to zero."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_common.events import EntryKind, LedgerPosted
from octavia_common.events.envelope import named_id


class Book(StrEnum):
    """Where credits can be. The first two belong to each user, the others to the platform.

    The platform's have no stored balance, which every transaction would have to wait for: theirs is
    the sum of their entries.
    """

    AVAILABLE = "available"
    HELD = "held"
    GRANTED = "granted"
    """Where credits come from; its sum is minus all that was ever granted."""
    REVENUE = "revenue"
    EXPIRED = "expired"


MOVES: dict[EntryKind, tuple[Book, Book]] = {
    EntryKind.GRANT: (Book.GRANTED, Book.AVAILABLE),
    EntryKind.RESERVE: (Book.AVAILABLE, Book.HELD),
    EntryKind.CAPTURE: (Book.HELD, Book.REVENUE),
    EntryKind.RELEASE: (Book.HELD, Book.AVAILABLE),
    EntryKind.EXPIRE: (Book.AVAILABLE, Book.EXPIRED),
}
"""From where to where each kind of line moves its credits."""

EFFECTS: dict[EntryKind, tuple[int, int]] = {
    kind: (
        (destination is Book.AVAILABLE) - (source is Book.AVAILABLE),
        (destination is Book.HELD) - (source is Book.HELD),
    )
    for kind, (source, destination) in MOVES.items()
}
"""What one credit of each kind of line does to a user's available and held credits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a transaction: what a book gains (negative: loses)."""

    book: Book
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a user's history, numbered by `seq` from 1 without gaps. `credits` is above zero."""

    user_id: UUID
    seq: int
    kind: EntryKind
    credits: int
    reason: str
    balance_after: int
    held_after: int
    posted_at: datetime
    job_id: UUID | None = None
    hold_id: UUID | None = None
    grant_id: UUID | None = None

    @property
    def entries(self) -> tuple[Entry, Entry]:
        """The two sides; they sum to zero."""
        source, destination = MOVES[self.kind]
        return Entry(source, -self.credits), Entry(destination, self.credits)

    @property
    def amount(self) -> int:
        """The signed change of the user's available credits."""
        return EFFECTS[self.kind][0] * self.credits

    def event(self) -> LedgerPosted:
        """The line as the rest of the platform reads it."""
        return LedgerPosted(
            user_id=self.user_id,
            entry_id=named_id(f"line|{self.user_id}|{self.seq}"),
            seq=self.seq,
            kind=self.kind,
            amount=self.amount,
            credits=self.credits,
            balance_after=self.balance_after,
            held_after=self.held_after,
            reason=self.reason,
            job_id=self.job_id,
            posted_at=self.posted_at,
        )
