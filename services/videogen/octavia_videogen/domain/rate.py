"""The provider's rate limit: at most so many requests in any window, whoever sends them.

The times of the last requests are kept rather than a bucket: a bucket that may be emptied at once lets
nearly twice the limit through within one window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MARGIN_SECONDS = 0.5
"""Added to the window: requests do not all take equally long to arrive."""


@dataclass(frozen=True)
class RateLimit:
    """At most `most` requests in any `seconds`."""

    most: int
    seconds: float

    @property
    def window(self) -> timedelta:
        """How long one request counts."""
        return timedelta(seconds=self.seconds + MARGIN_SECONDS)


@dataclass(frozen=True)
class Taken:
    """What became of a wish to send: `uses` is to be kept; `free_at` is when the next may be sent."""

    granted: bool
    uses: tuple[datetime, ...]
    free_at: datetime


class Pace:
    """Evens out what one process sends: so many a second, at most a quarter of a second's worth at once."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._burst = max(1.0, per_second / 4)
        self._tokens = self._burst
        self._at = 0.0

    def allowance(self, now: float) -> tuple[int, float]:
        """How many may be sent `now` (seconds of a steady clock), and where none may, how long until one."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        return int(self._tokens), max(0.0, (1.0 - self._tokens) / self._per_second)

    def sent(self) -> None:
        """One was sent."""
        self._tokens -= 1


def take(limit: RateLimit, uses: Sequence[datetime], now: datetime) -> Taken:
    """Whether one request may be sent `now`, after those sent at `uses`, oldest first."""
    recent = tuple(use for use in uses if use + limit.window > now)
    if len(recent) < limit.most:
        recent = (*recent, now)
        full = len(recent) >= limit.most
        return Taken(True, recent, recent[-limit.most] + limit.window if full else now)
    return Taken(False, recent, recent[-limit.most] + limit.window)


def free(limit: RateLimit, uses: Sequence[datetime], now: datetime) -> tuple[int, float]:
    """How many requests may be sent `now`, and where there are none, in how many seconds the next may be."""
    recent = [use for use in uses if use + limit.window > now]
    if len(recent) < limit.most:
        return limit.most - len(recent), 0.0
    return 0, (recent[-limit.most] + limit.window - now).total_seconds()
