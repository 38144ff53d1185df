"""Random histories against a small model in which every single credit is a token of its own."""

from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_billing.domain.accounts import Account, Grant, Hold, HoldState, Snapshot
from octavia_billing.domain.lines import Book, Line
from octavia_billing.domain.operations import (
    AddGrant,
    Capture,
    ExpireDue,
    Operation,
    Release,
    Reserve,
    Verdict,
)
from octavia_billing.domain.planner import Plan, plan
from octavia_common.events import EntryKind, GrantSource

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS = [UUID(int=n) for n in (1, 2)]
Token = tuple[int, float, int]  # priority, expiry in hours, number of its grant


class Model:
    """One user: a bag of tokens to spend, bags that are held, and counts of what is gone."""

    def __init__(self) -> None:
        self.free: list[Token] = []
        self.holds: dict[UUID, list[Token] | None] = {}
        self.grants: dict[UUID, int] = {}
        self.spent = self.expired = 0

    def expire(self, hour: float) -> None:
        over = [token for token in self.free if token[1] <= hour]
        self.expired += len(over)
        self.free = sorted(set_aside(self.free, over))

    def apply(self, op: Operation, hour: float) -> Verdict | None:
        self.expire(hour)
        verdict: Verdict | None = Verdict.UNCHANGED
        match op:
            case AddGrant() if op.grant_id not in self.grants:
                self.grants[op.grant_id] = len(self.grants)
                over = (op.expires_at - START) / timedelta(hours=1) if op.expires_at else float("inf")
                self.free += [(op.priority, over, self.grants[op.grant_id])] * op.amount
                verdict = Verdict.GRANTED
            case Reserve() if op.hold_id not in self.holds:
                enough = len(self.free) >= op.amount
                self.holds[op.hold_id] = sorted(self.free)[: op.amount] if enough else None
                self.free = set_aside(self.free, self.holds[op.hold_id] or [])
                verdict = Verdict.RESERVED if enough else Verdict.REJECTED
            case Capture() | Release() if op.hold_id not in self.holds:
                self.holds[op.hold_id] = None
                verdict = Verdict.RELEASED
            case Capture() | Release() if (tokens := self.holds[op.hold_id]) is not None:
                part = None if isinstance(op, Release) else op.amount
                keep = (
                    0 if isinstance(op, Release) else len(tokens) if part is None else min(part, len(tokens))
                )
                self.spent += keep
                self.free += tokens[keep:]
                self.holds[op.hold_id] = None
                verdict = Verdict.CAPTURED if isinstance(op, Capture) else Verdict.RELEASED
            case ExpireDue():
                verdict = None  # told apart only by what was due before it
        self.expire(hour)
        return verdict


def set_aside(tokens: list[Token], taken: list[Token]) -> list[Token]:
    return list((Counter(tokens) - Counter(taken)).elements())


class Tables:
    """What a database would hold: a plan reaches it only by what the plan says it changed."""

    def __init__(self) -> None:
        self.accounts = {user: Account(user) for user in USERS}
        self.grants: dict[UUID, Grant] = {}
        self.holds: dict[UUID, Hold] = {}
        self.lines: list[Line] = []

    def load(self, operations: list[Operation]) -> Snapshot:
        holds = [self.holds[op.hold_id] for op in operations if getattr(op, "hold_id", None) in self.holds]
        named = {op.grant_id for op in operations if isinstance(op, AddGrant)}
        named |= {part.grant_id for hold in holds if hold.state is HoldState.HELD for part in hold.parts}
        grants = [grant for grant in self.grants.values() if grant.remaining or grant.id in named]
        return Snapshot(deepcopy(list(self.accounts.values())), deepcopy(grants), deepcopy(holds))

    def save(self, decided: Plan) -> None:
        assert not decided.new_grants.keys() & self.grants.keys()
        assert not decided.new_holds.keys() & self.holds.keys()
        for account in decided.accounts.values():
            stored = self.accounts[account.user_id]
            stored.available, stored.held, stored.seq = account.available, account.held, account.seq
        self.grants.update(decided.new_grants)
        for grant in decided.changed_grants.values():
            self.grants[grant.id].remaining = grant.remaining
        for hold in decided.resolved_holds.values():
            assert self.holds[hold.id].state is HoldState.HELD
            assert hold.state is not HoldState.HELD
            self.holds[hold.id].state, self.holds[hold.id].captured = hold.state, hold.captured
        for hold in decided.shrunk_holds.values():
            self.holds[hold.id].parts = hold.parts
        self.holds.update(decided.new_holds)
        self.lines += decided.lines


@st.composite
def grants(draw: st.DrawFn) -> AddGrant:
    """Few ids, so that some come again, and few priorities and hours, so that some are alike."""
    number = draw(st.integers(0, 9))
    hours = draw(st.none() | st.integers(0, 20))
    return AddGrant(
        user_id=USERS[number % 2],
        grant_id=UUID(int=300 + number),
        source=GrantSource.PROMOTION,
        amount=draw(st.integers(0, 30)),
        priority=draw(st.integers(1, 3)),
        expires_at=None if hours is None else START + timedelta(hours=hours),
        reason="grant",
    )


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Few holds, so that histories meet and repeat."""
    which = draw(st.integers(0, 7))
    user, hold, job = USERS[which % 2], UUID(int=100 + which), UUID(int=200 + which)
    match draw(st.sampled_from(["reserve", "reserve", "capture", "release", "grant", "expire"])):
        case "grant":
            return draw(grants())
        case "reserve":
            return Reserve(user, hold, job, draw(st.integers(0, 40)), "work")
        case "capture":
            return Capture(user, hold, job, draw(st.none() | st.just(0)))
        case "release":
            return Release(user, hold, job, "failed")
        case _:
            return ExpireDue(user)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, list[Operation]]]:
    """Grants first, then batches of everything, at hours that do not go back."""
    first: list[list[Operation]] = [draw(st.lists(grants(), min_size=2, max_size=10))]
    batches = first + draw(st.lists(st.lists(operations(), min_size=1, max_size=8), max_size=8))
    hours = sorted(draw(st.lists(st.integers(0, 24), min_size=len(batches), max_size=len(batches))))
    return list(zip(hours, batches, strict=True))


@settings(max_examples=400, deadline=None)
@given(histories(), st.data())
def test_every_history_agrees_with_the_model(
    history: list[tuple[int, list[Operation]]], data: st.DataObject
) -> None:
    tables, models = Tables(), {user: Model() for user in USERS}
    for hour, batch in history:
        batch = [_in_part(op, tables, data) for op in batch]
        decided = plan(tables.load(batch), batch, START + timedelta(hours=hour))
        tables.save(decided)
        touched = set()
        for op, outcome in zip(batch, decided.outcomes, strict=True):
            verdict = models[op.user_id].apply(op, hour)
            touched.add(op.user_id)
            if verdict is not None:
                assert outcome.verdict is verdict
            assert outcome.available >= 0
        for user in touched:
            compare(tables, models[user], user)
    books_are_sound(tables)


def _in_part(op: Operation, tables: Tables, data: st.DataObject) -> Operation:
    """Make some captures partial; how much is held is known only now."""
    hold = tables.holds.get(op.hold_id) if isinstance(op, Capture) else None
    if isinstance(op, Capture) and op.amount == 0 and hold is not None and hold.state is HoldState.HELD:
        return Capture(op.user_id, op.hold_id, op.job_id, data.draw(st.integers(0, hold.amount)))
    return op


def compare(tables: Tables, model: Model, user: UUID) -> None:
    account = tables.accounts[user]
    assert account.available == len(model.free)
    assert account.held == sum(len(tokens or ()) for tokens in model.holds.values())
    stored = {model.grants[g.id]: g.remaining for g in tables.grants.values() if g.user_id == user}
    assert Counter(stored) == Counter(number for _, _, number in model.free)
    books: Counter[EntryKind] = Counter()
    for line in tables.lines:
        books[line.kind] += line.credits if line.user_id == user else 0
    assert (books[EntryKind.CAPTURE], books[EntryKind.EXPIRE]) == (model.spent, model.expired)


def books_are_sound(tables: Tables) -> None:
    assert all(sum(entry.amount for entry in line.entries) == 0 for line in tables.lines)
    for user, account in tables.accounts.items():
        mine = [line for line in tables.lines if line.user_id == user]
        assert [line.seq for line in mine] == list(range(1, account.seq + 1))
        books: Counter[Book] = Counter()
        for line in mine:
            for entry in line.entries:
                books[entry.book] += entry.amount
            assert (books[Book.AVAILABLE], books[Book.HELD]) == (line.balance_after, line.held_after)
            assert line.balance_after >= 0
            assert line.held_after >= 0
        assert (account.available, account.held) == (books[Book.AVAILABLE], books[Book.HELD])
    for hold in tables.holds.values():
        expected = hold.captured if hold.state is HoldState.CAPTURED else hold.amount
        assert sum(part.amount for part in hold.parts) == expected
