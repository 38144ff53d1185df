"""A rate as settings write it, and what is left of one as clients are told."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"([0-9]{1,9})\s*/\s*(second|minute|hour|day)", re.ASCII)

LEASE_SHARE = 50
"""A replica takes at most a fiftieth (2 %) of an allowance ahead of its use."""


@dataclass(frozen=True)
class Rate:
    """At most `amount` at once, and `amount` in each `seconds` in the long run (GCRA, a leaky bucket)."""

    name: str
    amount: int
    seconds: int

    @classmethod
    @lru_cache(maxsize=64)
    def parse(cls, name: str, text: str) -> "Rate":
        """From `30/minute`. Raises ValueError."""
        match = _RATE.fullmatch(text.strip())
        if match is None or int(match[1]) == 0:
            raise ValueError(f"{text!r} is no rate: write it like 30/minute (second, minute, hour or day)")
        return cls(name, int(match[1]), _SECONDS[match[2]])

    @property
    def interval(self) -> float:
        """Seconds in which one token comes back."""
        return self.seconds / self.amount

    @property
    def lease(self) -> int:
        """Tokens that a replica takes from the bucket at a time; 1 for narrow rates, which are exact."""
        return max(1, self.amount // LEASE_SHARE)


@dataclass(frozen=True)
class LimitState:
    """What is left of a rate: `remaining` calls at once; the whole allowance again in `full_seconds`."""

    rate: Rate
    remaining: int
    full_seconds: float

    def headers(self) -> dict[str, str]:
        """The RateLimit fields: IETF's structured ones, and the three plain ones that clients know."""
        rate, full = self.rate, max(0, math.ceil(self.full_seconds))
        return {
            "RateLimit-Policy": f'"{rate.name}";q={rate.amount};w={rate.seconds}',
            "RateLimit": f'"{rate.name}";r={self.remaining};t={full}',
            "RateLimit-Limit": str(rate.amount),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(full),
        }
