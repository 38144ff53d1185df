"""A task and what its record says at a moment: the clock alone moves it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from octavia_simulator.orders import Ending, Orders


class State(StrEnum):
    """As Kie names them."""

    WAITING = "waiting"
    QUEUING = "queuing"
    GENERATING = "generating"
    SUCCESS = "success"
    FAIL = "fail"

    @property
    def ended(self) -> bool:
        """Whether nothing comes after it."""
        return self in (State.SUCCESS, State.FAIL)


# Of the time from create to end, the share that is over when each state begins.
_QUEUING_FROM, _GENERATING_FROM = 0.1, 0.2
# Where the state falls back for a while, if it is ordered to.
_FALLS, _RISES = 0.6, 0.7


@dataclass(frozen=True)
class Wish:
    """What a create asked for, whatever the shape of the request."""

    prompt: str
    model: str
    width: int
    height: int
    seconds: int
    image: "Image | None" = None


@dataclass(frozen=True)
class Image:
    """The picture that a create brought or led to."""

    sha256: str
    size: int
    media_type: str


@dataclass
class Sent:
    """A call-back that was sent: what it was, what was answered (0: nobody) and in how many seconds."""

    hook: str
    status: int
    seconds: float


@dataclass
class Task:
    """One task. Times are Unix seconds.

    `ended_at` is when it ends by itself, None where it does not; `ending` how; `read_at` when somebody first
    read in its record that it has ended.
    """

    id: str
    shape: str
    wish: Wish
    orders: Orders
    created_at: float
    ended_at: float | None
    ending: Ending
    callback_url: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    queries: int = 0
    read_at: float | None = None
    downloads: int = 0
    deleted: bool = False
    sent: list[Sent] = field(default_factory=list)

    def end(self, ending: Ending, now: float) -> None:
        """End it now, whatever was ordered."""
        self.ending, self.ended_at = ending, now

    def read(self, now: float) -> None:
        """Somebody reads its record now."""
        if self.read_at is None and self.state(now).ended:
            self.read_at = now

    def state(self, now: float) -> State:
        """The state at a moment."""
        if self.ended_at is not None and now >= self.ended_at:
            return State.SUCCESS if self.ending is Ending.SUCCESS else State.FAIL
        share = self._share(now)
        if self.orders.skip_states or share < _QUEUING_FROM:
            return State.WAITING
        if share < _GENERATING_FROM or self._fallen(share):
            return State.QUEUING
        return State.GENERATING

    def percent(self, now: float) -> int:
        """Progress in percent, as the record's own figure gives it."""
        match self.state(now):
            case State.WAITING | State.QUEUING:
                return 0
            case State.GENERATING:
                return min(99, int(100 * self._share(now)))
            case _:
                return 100

    def expired(self, now: float) -> bool:
        """Whether the clip is kept no longer."""
        keeps = self.orders.expires_seconds
        return keeps is not None and self.ended_at is not None and now >= self.ended_at + keeps

    def _share(self, now: float) -> float:
        """How much of its time is over, 0 to 1; a task without an end is always in the middle of it."""
        if self.ended_at is None:
            return min(0.5, (now - self.created_at) / 2)
        whole = self.ended_at - self.created_at
        return 1.0 if whole <= 0 else (now - self.created_at) / whole

    def _fallen(self, share: float) -> bool:
        return self.orders.backwards and _FALLS <= share < _RISES
