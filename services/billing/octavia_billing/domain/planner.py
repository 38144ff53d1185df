"""The ledger's rules: a batch of operations, applied in order to a snapshot of the locked rows.

Pure: the plan says what to write, and the repository writes it in a handful of statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never
from uuid import UUID

from octavia_common.errors import PermanentError
from octavia_common.events import EntryKind

from octavia_billing.domain.accounts import Account, Grant, Hold, HoldState, Part, Snapshot
from octavia_billing.domain.lines import EFFECTS, Line
from octavia_billing.domain.operations import (
    AddGrant,
    Capture,
    ExpireDue,
    Operation,
    Outcome,
    Reject,
    Release,
    Reserve,
    ReserveAll,
    Verdict,
)


class LedgerConflictError(PermanentError):
    """An operation names a hold or grant of somebody else, or more than is held."""

    code = "ledger_conflict"
    status = 409


@dataclass(slots=True)
class Plan:
    """What a batch changes; `outcomes` has one verdict for each operation, in order."""

    outcomes: list[Outcome] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    accounts: dict[UUID, Account] = field(default_factory=dict)
    new_grants: dict[UUID, Grant] = field(default_factory=dict)
    changed_grants: dict[UUID, Grant] = field(default_factory=dict)
    new_holds: dict[UUID, Hold] = field(default_factory=dict)
    resolved_holds: dict[UUID, Hold] = field(default_factory=dict)
    shrunk_holds: dict[UUID, Hold] = field(default_factory=dict)
    """Of the resolved ones, those captured in part: their parts are to be written anew."""


def plan(snapshot: Snapshot, operations: Sequence[Operation], now: datetime) -> Plan:
    """Apply `operations` in order to `snapshot` (which is used up) as of `now`.

    Raises LedgerConflictError where an operation contradicts what the snapshot says, KeyError where
    the snapshot lacks the account of one.
    """
    planner = _Planner(snapshot, now)
    for operation in operations:
        planner.result.outcomes.append(planner.apply(operation))
    return planner.result


class _Planner:
    def __init__(self, snapshot: Snapshot, now: datetime) -> None:
        self.result = Plan()
        self._snapshot = snapshot
        self._now = now
        self._swept: set[UUID] = set()

    def apply(self, operation: Operation) -> Outcome:
        account = self._snapshot.accounts[operation.user_id]
        expired = 0
        if account.user_id not in self._swept:
            # Nobody may spend a grant whose time is over, however late the sweeper is.
            self._swept.add(account.user_id)
            expired = self._expire_due(account)
        match operation:
            case AddGrant():
                return self._grant(account, operation)
            case Reserve():
                return self._reserve(account, operation)
            case ReserveAll():
                return self._reserve_all(account, operation)
            case Reject():
                return self._reject(account, operation)
            case Capture():
                return self._capture(account, operation)
            case Release():
                return self._release(account, operation)
            case ExpireDue():
                verdict = Verdict.EXPIRED if expired else Verdict.UNCHANGED
                return Outcome(verdict, expired, account.available)
            case _:
                assert_never(operation)

    def _grant(self, account: Account, operation: AddGrant) -> Outcome:
        known = self._snapshot.grants.get(operation.grant_id)
        if known is not None:
            if known.user_id != account.user_id:
                raise LedgerConflictError(
                    "A grant with this id went to another user.", grant_id=str(known.id)
                )
            return Outcome(Verdict.UNCHANGED, 0, account.available)
        grant = Grant(
            id=operation.grant_id,
            user_id=account.user_id,
            source=operation.source,
            priority=operation.priority,
            amount=operation.amount,
            remaining=operation.amount,
            age=account.seq + 1,
            expires_at=operation.expires_at,
            reason=operation.reason,
        )
        self._snapshot.grants[grant.id] = grant
        self.result.new_grants[grant.id] = grant
        account.add_grant(grant)
        self._post(account, EntryKind.GRANT, grant.amount, grant.reason, grant=grant)
        self._expire_due(account)
        return Outcome(Verdict.GRANTED, grant.amount, account.available)

    def _reserve(self, account: Account, operation: Reserve) -> Outcome:
        if self._known_hold(operation) is not None:
            return Outcome(Verdict.UNCHANGED, 0, account.available)
        if account.available < operation.amount:
            self._open(operation, HoldState.REJECTED)
            return Outcome(Verdict.REJECTED, 0, account.available)
        parts = self._draw(account, operation.amount)
        hold = self._open(operation, HoldState.HELD, amount=operation.amount, parts=parts)
        self._post(account, EntryKind.RESERVE, hold.amount, hold.purpose, hold=hold)
        return Outcome(Verdict.RESERVED, hold.amount, account.available)

    def _reserve_all(self, account: Account, operation: ReserveAll) -> Outcome:
        open_ones = {one.hold_id: one.amount for one in operation.reserves if self._known_hold(one) is None}
        needed = sum(open_ones.values())
        if account.available < needed:
            verdict = Verdict.REJECTED
            each = tuple(self._reject(account, one) for one in operation.reserves)
        else:
            verdict = Verdict.RESERVED if open_ones else Verdict.UNCHANGED
            each = tuple(self._reserve(account, one) for one in operation.reserves)
        return Outcome(verdict, sum(outcome.amount for outcome in each), account.available, each)

    def _reject(self, account: Account, operation: Reject | Reserve) -> Outcome:
        if self._known_hold(operation) is not None:
            return Outcome(Verdict.UNCHANGED, 0, account.available)
        self._open(operation, HoldState.REJECTED)
        return Outcome(Verdict.REJECTED, 0, account.available)

    def _capture(self, account: Account, operation: Capture) -> Outcome:
        hold = self._known_hold(operation)
        if hold is None:
            return self._tombstone(account, operation)
        if hold.state is not HoldState.HELD:
            return Outcome(Verdict.UNCHANGED, 0, account.available)
        amount = int(hold.amount * operation.share) if operation.amount is None else operation.amount
        if not 0 <= amount <= hold.amount:
            raise LedgerConflictError(
                f"{amount} credits cannot be captured of a hold of {hold.amount}.", hold_id=str(hold.id)
            )
        self._post(account, EntryKind.CAPTURE, amount, f"{hold.purpose}: delivered", hold=hold)
        if amount < hold.amount:
            self._shrink(account, hold, amount, operation.missing)
        hold.captured = amount
        self._resolve(hold, HoldState.CAPTURED)
        return Outcome(Verdict.CAPTURED, amount, account.available)

    def _release(self, account: Account, operation: Release) -> Outcome:
        hold = self._known_hold(operation)
        if hold is None:
            return self._tombstone(account, operation)
        if hold.state is not HoldState.HELD:
            return Outcome(Verdict.UNCHANGED, 0, account.available)
        self._give_back(account, hold, hold.parts, operation.why)
        self._resolve(hold, HoldState.RELEASED)
        return Outcome(Verdict.RELEASED, hold.amount, account.available)

    def _tombstone(self, account: Account, operation: Capture | Release) -> Outcome:
        """The end came before the beginning: remember it, so that the beginning holds nothing."""
        self._open(operation, HoldState.RELEASED)
        return Outcome(Verdict.RELEASED, 0, account.available)

    def _shrink(self, account: Account, hold: Hold, captured: int, why: str) -> None:
        """Spend the first `captured` credits of a hold in spending order and give the others back: `why`."""
        spent: list[Part] = []
        rest: list[Part] = []
        for part in hold.parts:
            take = min(part.amount, captured)
            captured -= take
            if take:
                spent.append(Part(part.grant_id, take))
            if part.amount > take:
                rest.append(Part(part.grant_id, part.amount - take))
        hold.parts = tuple(spent)
        self._give_back(account, hold, rest, why)
        if hold.id not in self.result.new_holds:
            self.result.shrunk_holds[hold.id] = hold

    def _give_back(self, account: Account, hold: Hold, parts: Sequence[Part], why: str) -> None:
        """Return parts to the grants they came from; a grant whose time is over expires now."""
        for part in parts:
            grant = self._snapshot.grants[part.grant_id]
            grant.remaining += part.amount
            self._changed(grant)
        credits_back = sum(part.amount for part in parts)
        self._post(account, EntryKind.RELEASE, credits_back, f"{hold.purpose}: {why}", hold=hold)
        self._expire_due(account)

    def _draw(self, account: Account, amount: int) -> tuple[Part, ...]:
        parts: list[Part] = []
        for grant in account.grants:
            if amount == 0:
                break
            take = min(grant.remaining, amount)
            if take:
                grant.remaining -= take
                amount -= take
                parts.append(Part(grant.id, take))
                self._changed(grant)
        if amount:
            raise LedgerConflictError(
                "The grants do not add up to the balance: run `octavia ledger verify`.",
                user_id=str(account.user_id),
            )
        return tuple(parts)

    def _expire_due(self, account: Account) -> int:
        total = 0
        for grant in account.grants:
            if grant.is_due(self._now):
                gone, grant.remaining = grant.remaining, 0
                self._changed(grant)
                self._post(account, EntryKind.EXPIRE, gone, f"{grant.reason}: expired", grant=grant)
                total += gone
        return total

    def _known_hold(self, operation: Reserve | Reject | Capture | Release) -> Hold | None:
        hold = self._snapshot.holds.get(operation.hold_id)
        if hold is not None and (hold.user_id, hold.job_id) != (operation.user_id, operation.job_id):
            raise LedgerConflictError(
                "This hold belongs to another user or job.", hold_id=str(operation.hold_id)
            )
        return hold

    def _open(
        self,
        operation: Reserve | Reject | Capture | Release,
        state: HoldState,
        *,
        amount: int = 0,
        parts: tuple[Part, ...] = (),
    ) -> Hold:
        hold = Hold(
            id=operation.hold_id,
            user_id=operation.user_id,
            job_id=operation.job_id,
            amount=amount,
            state=state,
            purpose=operation.purpose if isinstance(operation, Reserve | Reject) else "",
            deadline_at=operation.deadline_at if isinstance(operation, Reserve) else None,
            parts=parts,
        )
        self._snapshot.holds[hold.id] = self.result.new_holds[hold.id] = hold
        return hold

    def _resolve(self, hold: Hold, state: HoldState) -> None:
        hold.state = state
        if hold.id not in self.result.new_holds:
            self.result.resolved_holds[hold.id] = hold

    def _changed(self, grant: Grant) -> None:
        if grant.id not in self.result.new_grants:
            self.result.changed_grants[grant.id] = grant

    def _post(
        self,
        account: Account,
        kind: EntryKind,
        amount: int,
        reason: str,
        *,
        hold: Hold | None = None,
        grant: Grant | None = None,
    ) -> None:
        """Move `amount` credits as `kind` says; nothing to move leaves no line."""
        if amount == 0:
            return
        available, held = EFFECTS[kind]
        account.available += available * amount
        account.held += held * amount
        account.seq += 1
        self.result.accounts[account.user_id] = account
        self.result.lines.append(
            Line(
                user_id=account.user_id,
                seq=account.seq,
                kind=kind,
                credits=amount,
                reason=reason,
                balance_after=account.available,
                held_after=account.held,
                posted_at=self._now,
                job_id=hold.job_id if hold else None,
                hold_id=hold.id if hold else None,
                grant_id=grant.id if grant else None,
            )
        )
