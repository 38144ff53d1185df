"""Random histories: few grants and holds, so that they meet, repeat and come in any order."""

from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from octavia_billing.domain.operations import (
    AddGrant,
    Capture,
    ExpireDue,
    Operation,
    Release,
    Reserve,
    ReserveAll,
)
from octavia_common.events import GrantSource

from .model import START

USERS = [UUID(int=n) for n in (1, 2)]
SIZES = (0, 1, 7, 12, 18, 25, 33, 40)
"""What each of the holds reserves: known beforehand, so that a capture in part can be drawn before it is."""

History = list[tuple[int, list[Operation]]]
"""Batches, and the hour of each."""


@st.composite
def grants(draw: st.DrawFn) -> AddGrant:
    """Few priorities and hours, so that some are alike."""
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


def reserve(which: int) -> Reserve:
    """The one request that there is for a hold."""
    return Reserve(USERS[which % 2], UUID(int=100 + which), UUID(int=200 + which), SIZES[which], "work")


@st.composite
def together(draw: st.DrawFn) -> ReserveAll:
    """Several holds of one user at once: some may be decided already, or stand in it twice."""
    parity = draw(st.integers(0, 1))
    mine = st.integers(0, len(SIZES) // 2 - 1).map(lambda n: 2 * n + parity)
    chosen = draw(st.lists(mine, min_size=1, max_size=5))
    return ReserveAll(USERS[parity], tuple(reserve(which) for which in chosen))


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Anything that can be asked of the ledger."""
    which = draw(st.integers(0, len(SIZES) - 1))
    user, hold, job = USERS[which % 2], UUID(int=100 + which), UUID(int=200 + which)
    match draw(st.sampled_from(["reserve", "together", "capture", "release", "grant", "expire"])):
        case "grant":
            return draw(grants())
        case "reserve":
            return reserve(which)
        case "together":
            return draw(together())
        case "capture":
            return Capture(user, hold, job, draw(st.none() | st.integers(0, SIZES[which])))
        case "release":
            return Release(user, hold, job, "failed")
        case _:
            return ExpireDue(user)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Grants first, then batches of everything, some said again later, at hours that do not go back."""
    batches: list[list[Operation]] = [draw(st.lists(grants(), min_size=2, max_size=10))]
    batches += draw(st.lists(st.lists(operations(), min_size=1, max_size=8), max_size=8))
    said = [operation for batch in batches for operation in batch]
    batches += draw(st.lists(st.lists(st.sampled_from(said), min_size=1, max_size=8), max_size=3))
    batches[1:] = draw(st.permutations(batches[1:]))
    hours = sorted(draw(st.lists(st.integers(0, 24), min_size=len(batches), max_size=len(batches))))
    return list(zip(hours, batches, strict=True))
