"""Random histories against the model: grants, holds, captures in part, releases, expiries, duplicates."""

from collections import Counter
from copy import deepcopy
from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from octavia_billing.domain.accounts import Account, Grant, Hold, HoldState, Snapshot
from octavia_billing.domain.lines import Book, Line
from octavia_billing.domain.operations import AddGrant, Operation, Outcome, ReserveAll, Verdict, holds_of
from octavia_billing.domain.planner import Plan, plan
from octavia_common.events import EntryKind

from .histories import USERS, History, histories
from .model import START, Model


class Tables:
    """What a database would hold: a plan reaches it only by what the plan says it changed."""

    def __init__(self) -> None:
        self.accounts = {user: Account(user) for user in USERS}
        self.grants: dict[UUID, Grant] = {}
        self.holds: dict[UUID, Hold] = {}
        self.lines: list[Line] = []

    def load(self, operations: list[Operation]) -> Snapshot:
        touched = {hold_id for op in operations for hold_id in holds_of(op)}
        holds = [hold for hold in self.holds.values() if hold.id in touched]
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


@settings(max_examples=400, deadline=None)
@given(histories())
def test_every_history_agrees_with_the_model(history: History) -> None:
    tables, models = Tables(), {user: Model() for user in USERS}
    for hour, batch in history:
        decided = plan(tables.load(batch), batch, START + timedelta(hours=hour))
        tables.save(decided)
        for op, outcome in zip(batch, decided.outcomes, strict=True):
            verdict = models[op.user_id].apply(op, hour)
            assert verdict in (None, outcome.verdict)
            assert outcome.available >= 0
            if isinstance(op, ReserveAll):
                all_or_none(op, outcome)
        for user in {op.user_id for op in batch}:
            compare(tables, models[user], user)
    books_are_sound(tables)


def all_or_none(op: ReserveAll, outcome: Outcome) -> None:
    verdicts = {one.verdict for one in outcome.each} - {Verdict.UNCHANGED}
    assert len(outcome.each) == len(op.reserves)
    assert verdicts <= {outcome.verdict}, "those that were not decided before share one fate"
    assert outcome.amount == sum(one.amount for one in outcome.each)


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
