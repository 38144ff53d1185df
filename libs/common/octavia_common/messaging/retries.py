"""When work that failed for a passing reason is tried again: a pure policy."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter on its upper half, capped in number and in time."""

    attempts: int = 5
    first_delay_seconds: float = 1.0
    max_delay_seconds: float = 60.0
    max_age_seconds: float = 900.0

    def delay(self, attempt: int, *, age_seconds: float) -> float | None:
        """Seconds to wait after the `attempt`-th try failed, or None to give up.

        `age_seconds` is the time since the first try.
        """
        if attempt >= self.attempts or age_seconds >= self.max_age_seconds:
            return None
        full: float = min(self.max_delay_seconds, self.first_delay_seconds * 2 ** (attempt - 1))
        jitter: float = random.uniform(0.5, 1.0)
        return full * jitter
