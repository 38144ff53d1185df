"""How many requests one user, or one address, may make.

Counted by the library `limits`, in the memory of this process: with n replicas behind a balancer a
caller gets at most n times the limit. A sliding window, so that there is no burst at its edge.
"""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import HTTPConnection

from octavia_gateway.problems import ApiError


class RateLimitedError(ApiError):
    """Too many requests; `Retry-After` says when there is room again."""

    status = 429
    code = "rate_limited"

    def __init__(self, state: "LimitState") -> None:
        super().__init__(
            f"Too many requests. Try again in {state.reset_seconds} s.",
            headers={**state.headers(), "Retry-After": str(state.reset_seconds)},
            retry_after=state.reset_seconds,
        )


@dataclass(frozen=True)
class LimitState:
    """What is left of a limit. `reset_seconds` is when there is more."""

    name: str
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """The RateLimit fields: IETF's structured ones, and the three plain ones that clients know."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset_seconds}',
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class RateLimiter:
    """Counts requests against two limits: one for everything, a narrower one for guessing passwords."""

    def __init__(self, *, requests: str, logins: str) -> None:
        self._requests = parse(requests)
        self._logins = parse(logins)
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit_request(self, who: str) -> LimitState:
        """Count one request of `who`. Raises RateLimitedError (429)."""
        return await self._hit("default", self._requests, who)

    async def hit_login(self, who: str) -> LimitState:
        """Count one try to log in. Raises RateLimitedError (429)."""
        return await self._hit("logins", self._logins, who)

    async def _hit(self, name: str, item: RateLimitItem, who: str) -> LimitState:
        allowed = await self._windows.hit(item, name, who)
        window = await self._windows.get_window_stats(item, name, who)
        state = LimitState(
            name=name,
            limit=item.amount,
            window_seconds=item.get_expiry(),
            remaining=max(0, window.remaining) if allowed else 0,
            reset_seconds=max(1, math.ceil(window.reset_time - time.time())),
        )
        if not allowed:
            raise RateLimitedError(state)
        return state


def address_of(connection: HTTPConnection) -> str:
    """The caller's address, for counting."""
    return f"address:{connection.client.host if connection.client else 'unknown'}"


def remember(connection: HTTPConnection, state: LimitState) -> None:
    """Have the response carry the limit's headers."""
    connection.scope["octavia.rate_limit"] = state.headers()
