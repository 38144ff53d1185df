"""What a user has: an account, the grants that fill it and the holds that bind a part of it."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_common.events import GrantSource


class HoldState(StrEnum):
    """`held` is the only state that a hold leaves; it does so once."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    REJECTED = "rejected"
    """Nothing was ever held, and nothing will be for this hold id."""


@dataclass(slots=True)
class Grant:
    """Credits given at once. `remaining` is what is neither held, spent nor expired.

    `age` is the number (`seq`) of the line on the user's history that posted it: lower is older.
    """

    id: UUID
    user_id: UUID
    source: GrantSource
    priority: int
    amount: int
    remaining: int
    age: int
    expires_at: datetime | None
    reason: str

    def spending_key(self) -> tuple[int, bool, float, int]:
        """Spending draws the lowest first: by priority, then the soonest to expire, then the oldest."""
        expiry = self.expires_at
        return (self.priority, expiry is None, expiry.timestamp() if expiry else 0.0, self.age)

    def is_due(self, now: datetime) -> bool:
        """Whether what remains of it is no longer the user's."""
        return self.remaining > 0 and self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Part:
    """How much of one grant a hold draws (or, once captured, has spent)."""

    grant_id: UUID
    amount: int


@dataclass(slots=True)
class Hold:
    """Credits bound to one run of a job.

    `parts` add up to `amount`, after a partial capture to `captured`, and are in spending order.
    """

    id: UUID
    user_id: UUID
    job_id: UUID
    amount: int
    state: HoldState
    purpose: str
    deadline_at: datetime | None
    captured: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(slots=True)
class Account:
    """A user's balance. `available` is what their grants have remaining, `held` what open holds bind.

    `seq` is the number of the last line on their history.
    """

    user_id: UUID
    available: int = 0
    held: int = 0
    seq: int = 0
    grants: list[Grant] = field(default_factory=list)
    """Those with something remaining, in spending order (and those that holds in hand came from)."""

    def add_grant(self, grant: Grant) -> None:
        """Put a grant where it belongs in the spending order."""
        insort(self.grants, grant, key=Grant.spending_key)


class Snapshot:
    """Everything that a batch of operations may touch, as it is in the locked rows."""

    def __init__(
        self, accounts: Iterable[Account], grants: Iterable[Grant] = (), holds: Iterable[Hold] = ()
    ) -> None:
        self.accounts = {account.user_id: account for account in accounts}
        self.grants = {grant.id: grant for grant in grants}
        self.holds = {hold.id: hold for hold in holds}
        for grant in self.grants.values():
            if grant.user_id in self.accounts:
                self.accounts[grant.user_id].add_grant(grant)
