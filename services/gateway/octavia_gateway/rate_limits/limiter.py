"""One allowance a caller over all replicas, without asking the database on every request.

A bucket (GCRA) stands in one row that all replicas share. A replica takes a lease of tokens from it in one
statement and spends them from memory, so a busy caller costs one row update in `rate.lease` requests. What is
leased has left the bucket before it is spent, and the promise is, for `n` replicas and an allowance of `a`:

- at no time more than `a + n * lease` requests at once (a lease is a fiftieth of `a`, or one token), and `a`
  in each period in the long run;
- a caller is never refused before `a - (n - 1) * lease` requests;
- rates below 100 have leases of one token: they are exact.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.rate_limits.errors import RateLimitedError
from octavia_gateway.rate_limits.rates import LimitState, Rate
from octavia_gateway.rate_limits.repository import LimitsRepository

MOST_LEASES = 20_000
"""Callers that a process remembers, at less than 1 KiB each; the lease of the least recent one is lost."""


@dataclass
class _Lease:
    """Tokens in hand, and how the shared bucket stood when they were taken. Times are monotonic seconds."""

    tokens: int = 0
    elsewhere: int = 0
    full_at: float = 0.0
    expires_at: float = 0.0
    closed_until: float = 0.0
    refilling: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimiter:
    """Counts calls against rates."""

    def __init__(self, database: GatewayDatabase, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._repository = LimitsRepository()
        self._clock = clock
        self._leases: OrderedDict[tuple[str, str], _Lease] = OrderedDict()

    async def hit(self, rate: Rate, who: str) -> LimitState:
        """Count one call of `who`. Raises RateLimitedError (429)."""
        lease = self._lease(rate, who)
        if not self._spend(lease, rate):
            async with lease.refilling:  # one statement, however many of the caller's requests wait for it
                while not self._spend(lease, rate):
                    await self._refill(lease, rate, who)
        return LimitState(rate, lease.tokens + lease.elsewhere, lease.full_at - self._clock())

    async def take(self, rate: Rate, who: str, tokens: int) -> LimitState:
        """Count `tokens` calls of `who` at once, all or none, without a lease: it is exact.

        More than the whole allowance counts as the whole. Raises RateLimitedError (429).
        """
        tokens = min(tokens, rate.amount)
        async with self._database.service_connection() as connection:
            taken = await self._repository.take(connection, rate, who, tokens)
            if taken.tokens < tokens:
                await self._repository.give_back(connection, rate, who, taken.tokens)
        full_in = max(0.0, taken.full_in - (taken.tokens * rate.interval if taken.tokens < tokens else 0.0))
        left = max(0, int((rate.seconds - full_in) / rate.interval + 0.01))
        state = LimitState(rate, left, full_in)
        if taken.tokens < tokens:
            raise RateLimitedError(full_in - rate.seconds + tokens * rate.interval, state)
        return state

    def _lease(self, rate: Rate, who: str) -> _Lease:
        key = (rate.name, who)
        lease = self._leases.get(key)
        if lease is None:
            lease = self._leases[key] = _Lease()
            if len(self._leases) > MOST_LEASES:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(key)
        return lease

    def _spend(self, lease: _Lease, rate: Rate) -> bool:
        """Spend a token in hand, if there is one. Raises RateLimitedError while the bucket is known empty."""
        now = self._clock()
        if lease.tokens and now < lease.expires_at:
            lease.tokens -= 1
            return True
        if now < lease.closed_until:
            # Known without asking: a flood of refused calls costs the database nothing.
            raise RateLimitedError(lease.closed_until - now, LimitState(rate, 0, lease.full_at - now))
        return False

    async def _refill(self, lease: _Lease, rate: Rate, who: str) -> None:
        async with self._database.service_connection() as connection:
            taken = await self._repository.take(connection, rate, who, rate.lease)
        now = self._clock()
        lease.tokens = taken.tokens
        lease.elsewhere = max(0, int((rate.seconds - taken.full_in) / rate.interval + 0.01))
        lease.full_at = now + taken.full_in
        lease.expires_at = now + rate.seconds
        if not taken.tokens:
            lease.closed_until = now + max(0.01, taken.full_in - rate.seconds + rate.interval)
