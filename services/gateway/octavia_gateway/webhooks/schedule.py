"""When a message is tried again, and when a web hook is given up: pure rules."""

import random
from datetime import datetime, timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Between the tries of one message; those that the Standard Webhooks specification suggests: three days."""

GIVEN_UP_AFTER = timedelta(days=5)
"""Of nothing but failures: then the web hook is disabled."""

FORMER_SECRET = timedelta(days=1)
"""How long messages are signed with a secret that was replaced, too."""

KEPT = timedelta(days=30)
"""How long the log of deliveries goes back."""

_JITTER = 0.2


def next_try(tries: int, now: datetime, luck: random.Random) -> datetime | None:
    """When to try again after `tries` failures; None after the last one."""
    if tries > len(WAITS):
        return None
    return now + WAITS[tries - 1] * (1 + _JITTER * luck.random())


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Whether an address has failed for so long that nobody listens there."""
    return failing_since is not None and now - failing_since >= GIVEN_UP_AFTER
