"""What the ledger must do, said once more in few lines: every single credit is a token of its own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from octavia_billing.domain.operations import (
    AddGrant,
    Capture,
    Operation,
    Release,
    Reserve,
    ReserveAll,
    Verdict,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
Token = tuple[int, float, int]  # priority, expiry in hours, number of its grant: spent in this order


class Model:
    """One user: tokens to spend, tokens in holds (None once resolved), and counts of what is gone."""

    def __init__(self) -> None:
        self.free: list[Token] = []
        self.holds: dict[UUID, list[Token] | None] = {}
        self.grants: dict[UUID, int] = {}
        self.spent = self.expired = 0

    def apply(self, op: Operation, hour: float) -> Verdict | None:
        self._expire(hour)
        verdict = self._decide(op)
        self._expire(hour)
        return verdict

    def _expire(self, hour: float) -> None:
        left = sorted(token for token in self.free if token[1] > hour)
        self.expired += len(self.free) - len(left)
        self.free = left

    def _decide(self, op: Operation) -> Verdict | None:
        match op:
            case AddGrant() if op.grant_id not in self.grants:
                number = self.grants[op.grant_id] = len(self.grants)
                over = (op.expires_at - START) / timedelta(hours=1) if op.expires_at else float("inf")
                self.free += [(op.priority, over, number)] * op.amount
                return Verdict.GRANTED
            case Reserve() if op.hold_id not in self.holds:
                enough = op.amount <= len(self.free)
                taken = op.amount if enough else 0
                self.holds[op.hold_id] = self.free[:taken] if enough else None
                self.free = self.free[taken:]
                return Verdict.RESERVED if enough else Verdict.REJECTED
            case ReserveAll():
                needed = {one.hold_id: one.amount for one in op.reserves if one.hold_id not in self.holds}
                enough = sum(needed.values()) <= len(self.free)
                for hold_id, amount in needed.items():
                    self.holds[hold_id] = self.free[:amount] if enough else None
                    self.free = self.free[amount if enough else 0 :]
                if not enough:
                    return Verdict.REJECTED
                return Verdict.RESERVED if needed else Verdict.UNCHANGED
            case Capture() | Release() if op.hold_id not in self.holds:
                self.holds[op.hold_id] = None
                return Verdict.RELEASED
            case Capture() | Release() if (tokens := self.holds[op.hold_id]) is not None:
                delivered = isinstance(op, Capture)
                kept = 0 if isinstance(op, Release) else len(tokens) if op.amount is None else op.amount
                self.spent += kept
                self.free += tokens[kept:]
                self.holds[op.hold_id] = None
                return Verdict.CAPTURED if delivered else Verdict.RELEASED
            case AddGrant() | Reserve() | Capture() | Release():
                return Verdict.UNCHANGED
        return None  # of an expiry only the counts tell
