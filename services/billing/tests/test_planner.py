"""The ledger's rules, one by one."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from octavia_billing.domain.accounts import Account, HoldState, Snapshot
from octavia_billing.domain.lines import MOVES, Book
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
from octavia_billing.domain.planner import LedgerConflictError, Plan, plan
from octavia_common.events import EntryKind, GrantSource

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER = UUID(int=1)


class Scene:
    """One user whose snapshot lives on from batch to batch."""

    def __init__(self) -> None:
        self.account = Account(USER)
        self.snapshot = Snapshot([self.account])
        self.last = Plan()

    def do(self, *operations: Operation, now: datetime = NOW) -> list[Outcome]:
        self.last = plan(self.snapshot, operations, now)
        return self.last.outcomes

    def kinds(self) -> list[tuple[EntryKind, int]]:
        return [(line.kind, line.credits) for line in self.last.lines]

    def remaining(self) -> dict[str, int]:
        return {grant.reason: grant.remaining for grant in self.account.grants}


def grant(
    amount: int, name: str = "grant", *, priority: int = 100, expires: datetime | None = None
) -> AddGrant:
    return AddGrant(USER, uuid4(), GrantSource.PURCHASE, amount, priority, expires, name)


def reserve(amount: int) -> Reserve:
    return Reserve(USER, uuid4(), uuid4(), amount, "Video translation")


def capture(hold: Reserve, amount: int | None = None) -> Capture:
    return Capture(hold.user_id, hold.hold_id, hold.job_id, amount)


def release(hold: Reserve) -> Release:
    return Release(hold.user_id, hold.hold_id, hold.job_id, "cancelled")


@pytest.mark.parametrize(("held", "share", "captured"), [(30, (2, 3), 20), (100, (1, 3), 33), (5, (1, 7), 0)])
def test_a_share_of_a_hold_is_captured_and_the_rest_goes_back_at_once(held, share, captured) -> None:
    scene = Scene()
    hold = reserve(held)
    scene.do(grant(100), hold)
    ending = Capture(
        hold.user_id, hold.hold_id, hold.job_id, share=Fraction(*share), missing="not delivered: fr"
    )
    (outcome,) = scene.do(ending)
    assert (outcome.verdict, outcome.amount) == (Verdict.CAPTURED, captured)
    assert (scene.account.available, scene.account.held) == (100 - captured, 0)
    assert [line.reason for line in scene.last.lines if line.kind is EntryKind.RELEASE] == [
        "Video translation: not delivered: fr"
    ]
    assert [each.verdict for each in scene.do(ending, release(hold))] == [Verdict.UNCHANGED] * 2


def test_two_jobs_race_for_the_last_credits() -> None:
    scene = Scene()
    outcomes = scene.do(grant(100), reserve(60), reserve(60))
    assert [o.verdict for o in outcomes] == [Verdict.GRANTED, Verdict.RESERVED, Verdict.REJECTED]
    assert outcomes[2].available == 40
    assert (scene.account.available, scene.account.held) == (40, 60)


def together(*holds: Reserve) -> ReserveAll:
    return ReserveAll(USER, holds)


def test_a_batch_is_held_whole_with_a_line_each() -> None:
    scene = Scene()
    holds = [reserve(30), reserve(30), reserve(40)]
    _, outcome = scene.do(grant(100), together(*holds))
    assert (outcome.verdict, outcome.amount, outcome.available) == (Verdict.RESERVED, 100, 0)
    assert [(o.verdict, o.amount, o.available) for o in outcome.each] == [
        (Verdict.RESERVED, 30, 70),
        (Verdict.RESERVED, 30, 40),
        (Verdict.RESERVED, 40, 0),
    ]
    assert [line.hold_id for line in scene.last.lines[1:]] == [hold.hold_id for hold in holds]


def test_a_batch_that_is_one_credit_too_large_holds_nothing_at_all() -> None:
    scene = Scene()
    holds = [reserve(60), reserve(41)]
    _, outcome = scene.do(grant(100), together(*holds))
    assert (outcome.verdict, outcome.amount, outcome.available) == (Verdict.REJECTED, 0, 100)
    assert [o.verdict for o in outcome.each] == [Verdict.REJECTED] * 2
    assert scene.kinds() == [(EntryKind.GRANT, 100)]
    again = scene.do(grant(100), together(*holds))[1]
    assert again.verdict is Verdict.UNCHANGED, "it stays rejected"


def test_a_batch_passes_over_what_was_decided_before_it() -> None:
    scene = Scene()
    cancelled, other = reserve(60), reserve(60)
    scene.do(grant(100), release(cancelled))
    [outcome] = scene.do(together(cancelled, other))
    assert [o.verdict for o in outcome.each] == [Verdict.UNCHANGED, Verdict.RESERVED]
    assert (scene.account.available, scene.account.held) == (40, 60)
    assert scene.do(together(cancelled, other))[0].verdict is Verdict.UNCHANGED


def test_a_batch_that_names_a_hold_twice_holds_it_once() -> None:
    scene = Scene()
    hold = reserve(60)
    _, outcome = scene.do(grant(100), together(hold, hold))
    assert [o.verdict for o in outcome.each] == [Verdict.RESERVED, Verdict.UNCHANGED]
    assert scene.account.held == 60


def test_a_hold_is_resolved_by_whoever_comes_first() -> None:
    for first, second, left in ((capture, release, 40), (release, capture, 100)):
        scene = Scene()
        hold = reserve(60)
        outcomes = scene.do(grant(100), hold, first(hold), second(hold), first(hold))
        assert [o.verdict for o in outcomes[3:]] == [Verdict.UNCHANGED, Verdict.UNCHANGED]
        assert (scene.account.available, scene.account.held) == (left, 0)


def test_the_end_before_the_beginning_leaves_a_tombstone() -> None:
    for ending in (capture, release):
        scene = Scene()
        hold = reserve(60)
        outcomes = scene.do(grant(100), ending(hold), hold)
        assert outcomes[1] == Outcome(Verdict.RELEASED, 0, 100)
        assert outcomes[2].verdict is Verdict.UNCHANGED
        assert scene.snapshot.holds[hold.hold_id].state is HoldState.RELEASED
        assert (scene.account.available, scene.account.held) == (100, 0)


def test_a_rejected_run_stays_rejected_when_credits_arrive() -> None:
    scene = Scene()
    hold = reserve(60)
    assert scene.do(hold)[0].verdict is Verdict.REJECTED
    again = scene.do(grant(100), hold, release(hold))
    assert [o.verdict for o in again] == [Verdict.GRANTED, Verdict.UNCHANGED, Verdict.UNCHANGED]
    assert scene.account.held == 0


def test_a_quote_that_does_not_stand_holds_nothing() -> None:
    scene = Scene()
    hold = reserve(60)
    outcomes = scene.do(grant(100), Reject(USER, hold.hold_id, hold.job_id, ""), hold)
    assert [o.verdict for o in outcomes[1:]] == [Verdict.REJECTED, Verdict.UNCHANGED]


def test_spending_goes_by_priority_then_expiry_then_age() -> None:
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=9)
    scene = Scene()
    scene.do(
        grant(10, "old"),
        grant(10, "young"),
        grant(10, "late", expires=late),
        grant(10, "soon", expires=soon),
        grant(10, "first", priority=1),
    )
    left = []
    for _ in range(5):
        scene.do(reserve(10))
        left.append(next(name for name, rest in scene.remaining().items() if rest == 0 and name not in left))
    assert left == ["first", "soon", "late", "old", "young"]


def test_a_release_returns_credits_to_the_grants_they_came_from() -> None:
    scene = Scene()
    hold = reserve(25)
    scene.do(grant(10, "a", priority=1), grant(10, "b", priority=2), grant(10, "c", priority=3), hold)
    assert scene.remaining() == {"a": 0, "b": 0, "c": 5}
    scene.do(release(hold))
    assert scene.remaining() == {"a": 10, "b": 10, "c": 10}


def test_a_release_into_a_grant_whose_time_is_over_expires_then() -> None:
    scene = Scene()
    hold = reserve(15)
    scene.do(grant(10, "promotion", expires=NOW + timedelta(hours=1)), grant(10, "bought"), hold)
    outcomes = scene.do(release(hold), now=NOW + timedelta(hours=2))
    assert outcomes == [Outcome(Verdict.RELEASED, 15, 10)]
    assert scene.kinds() == [(EntryKind.RELEASE, 15), (EntryKind.EXPIRE, 10)]
    assert [(line.balance_after, line.held_after) for line in scene.last.lines] == [(20, 0), (10, 0)]
    assert scene.last.lines[1].reason == "promotion: expired"


def test_nobody_spends_a_grant_whose_time_is_over_however_late_the_sweeper() -> None:
    scene = Scene()
    scene.do(grant(10, "promotion", expires=NOW + timedelta(hours=1)), grant(10))
    assert scene.do(reserve(15), now=NOW + timedelta(hours=1))[0].verdict is Verdict.REJECTED
    assert scene.kinds() == [(EntryKind.EXPIRE, 10)]
    assert scene.do(ExpireDue(USER), now=NOW + timedelta(hours=1))[0].verdict is Verdict.UNCHANGED


def test_a_grant_that_is_over_when_it_comes() -> None:
    scene = Scene()
    scene.do(grant(10, expires=NOW))
    assert scene.kinds() == [(EntryKind.GRANT, 10), (EntryKind.EXPIRE, 10)]
    assert scene.account.available == 0


def test_a_capture_in_part_gives_the_rest_back_last_drawn_first() -> None:
    scene = Scene()
    hold = reserve(18)
    scene.do(grant(10, "a", priority=1), grant(10, "b", priority=2), hold)
    outcomes = scene.do(capture(hold, 6))
    assert outcomes == [Outcome(Verdict.CAPTURED, 6, 14)]
    assert scene.kinds() == [(EntryKind.CAPTURE, 6), (EntryKind.RELEASE, 12)]
    assert scene.remaining() == {"a": 4, "b": 10}
    assert set(scene.last.shrunk_holds) == {hold.hold_id}


def test_a_grant_is_given_once() -> None:
    scene = Scene()
    once = grant(10)
    assert [o.verdict for o in scene.do(once, once)] == [Verdict.GRANTED, Verdict.UNCHANGED]
    assert scene.account.available == 10


def test_a_grant_of_nothing_is_remembered_and_posts_nothing() -> None:
    scene = Scene()
    nothing = grant(0)
    scene.do(nothing)
    assert not scene.last.lines
    assert set(scene.last.new_grants) == {nothing.grant_id}


def test_a_job_that_costs_nothing_runs_on_an_empty_account() -> None:
    scene = Scene()
    free = reserve(0)
    outcomes = scene.do(free, capture(free))
    assert [o.verdict for o in outcomes] == [Verdict.RESERVED, Verdict.CAPTURED]
    assert not scene.last.lines


def test_what_contradicts_the_ledger_is_refused() -> None:
    other = UUID(int=2)
    snapshot = Snapshot([Account(USER), Account(other)])
    given, hold = grant(10), reserve(5)
    plan(snapshot, [given, hold], NOW)
    stolen = [
        Capture(other, hold.hold_id, hold.job_id),
        Release(USER, hold.hold_id, uuid4(), "failed"),
        Capture(USER, hold.hold_id, hold.job_id, 6),
        Capture(USER, hold.hold_id, hold.job_id, -1),
        AddGrant(other, given.grant_id, GrantSource.PURCHASE, 10, 1, None, ""),
        ReserveAll(other, (Reserve(other, hold.hold_id, hold.job_id, 5, ""),)),
    ]
    for operation in stolen:
        with pytest.raises(LedgerConflictError):
            plan(snapshot, [operation], NOW)


def test_a_balance_without_grants_behind_it_is_not_spent() -> None:
    snapshot = Snapshot([Account(USER, available=10)])
    with pytest.raises(LedgerConflictError, match="octavia ledger verify"):
        plan(snapshot, [reserve(5)], NOW)


def test_lines_are_numbered_and_say_the_balance_after_them() -> None:
    scene = Scene()
    hold, other = reserve(30), reserve(20)
    scene.do(grant(100), hold, other, capture(hold), release(other))
    told = [(ln.seq, ln.kind.value, ln.amount, ln.balance_after, ln.held_after) for ln in scene.last.lines]
    assert told == [
        (1, "grant", 100, 100, 0),
        (2, "reserve", -30, 70, 30),
        (3, "reserve", -20, 50, 50),
        (4, "capture", 0, 50, 20),
        (5, "release", 20, 70, 0),
    ]
    assert [line.job_id for line in scene.last.lines[1:3]] == [hold.job_id, other.job_id]


def test_a_line_is_told_under_an_id_of_its_own_that_does_not_change() -> None:
    scene = Scene()
    scene.do(grant(1), grant(1))
    events = [line.event() for line in scene.last.lines]
    assert len({event.event_id() for event in events}) == 2
    assert events == [line.event() for line in scene.last.lines]


def test_every_kind_of_line_has_two_different_books() -> None:
    assert set(MOVES) == set(EntryKind)
    assert all(source is not destination for source, destination in MOVES.values())
    assert {book for move in MOVES.values() for book in move} == set(Book)
