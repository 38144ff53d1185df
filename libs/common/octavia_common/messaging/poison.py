"""How much of a topic may become dead letters before its consumer stops: a pure policy.

After Arroyo's `DlqLimit` (getsentry/arroyo, arroyo/dlq.py): one broken event is put aside, but a consumer to
which nearly everything is broken has gone mad itself, and would empty its topic into the dead letters.
"""

from collections import deque
from dataclasses import dataclass

WINDOW = 1000
"""Of so many of its newest events a consumer remembers whether they became dead letters."""


class TooMuchPoisonError(Exception):
    """One more dead letter would pass the limit: the event stays where it is, and the consumer stops."""


@dataclass(frozen=True)
class PoisonLimit:
    """What is let pass of the last `WINDOW` events: `allowed` dead letters; above that `most_share` of them.

    A lone broken event on a quiet topic is a share of 1, so that a share alone would not do.
    """

    most_share: float = 0.1
    allowed: int = 10

    def exceeded(self, letters: int, events: int) -> bool:
        """Whether `letters` dead letters among `events` are too many."""
        return letters > self.allowed and letters > self.most_share * events


class PoisonGauge:
    """Counts for one consumer of one process; a restart begins anew."""

    def __init__(self, limit: PoisonLimit) -> None:
        self._limit = limit
        self._newest: deque[bool] = deque(maxlen=WINDOW)
        self._letters = 0

    def passed(self, events: int = 1) -> None:
        """So many events had their effect, or failed as they should."""
        for _ in range(min(events, WINDOW)):
            self._add(False)

    def letter(self) -> None:
        """An event is about to become a dead letter.

        Raises TooMuchPoisonError where it must not.
        """
        events = min(len(self._newest) + 1, WINDOW)
        if self._limit.exceeded(self._letters + 1, events):
            raise TooMuchPoisonError(
                f"{self._letters} of its last {len(self._newest)} events became dead letters, and the next "
                "is broken too: mend the cause, restart the service, then `octavia dlq replay`"
            )
        self._add(True)

    def _add(self, is_letter: bool) -> None:
        if len(self._newest) == WINDOW:
            self._letters -= self._newest[0]
        self._newest.append(is_letter)
        self._letters += is_letter
