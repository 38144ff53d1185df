"""Slow doors: how often a password may be tried.

Three limits stand before argon2, so that guessing is far slower than hashing is: of the address, whatever
accounts it tries; of the account, whatever addresses try it; and of the pair of both, for which each wrong
password after the first few doubles the wait. Only the pair's wait grows: a stranger elsewhere can use up an
account's allowance, and so make its owner wait seconds, but can shut nobody out. Sessions that are open are
not touched by any of them.
"""

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.rate_limits.errors import LoginDelayedError
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.rate_limits.rates import LimitState, Rate
from octavia_gateway.rate_limits.repository import LimitsRepository

FREE_TRIES = 5
"""Wrong passwords that cost no wait: people mistype."""

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 900.0
FORGET_SECONDS = 86_400.0
"""After a day without a try all are forgotten. NIST SP 800-63B allows 100 in a row; waits that double up to a
quarter of an hour let about 100 through in a day."""


class GuessingGuard:
    """What log-in and registration pass before a password is hashed."""

    def __init__(self, database: GatewayDatabase, limiter: RateLimiter, rate: Rate) -> None:
        self._database = database
        self._limiter = limiter
        self._rate = rate
        self._repository = LimitsRepository()

    async def registering(self, address: str, email: str) -> LimitState:
        """Count a registration. Raises RateLimitedError (429)."""
        state = await self._limiter.hit(self._rate, address)
        await self._limiter.hit(self._rate, _account(email))
        return state

    async def logging_in(self, address: str, email: str) -> LimitState:
        """Count a try to log in, before it is made: many at once gain nothing.

        Raises RateLimitedError, LoginDelayedError (429).
        """
        state = await self.registering(address, email)
        async with self._database.service_connection() as connection:
            wait = await self._repository.count_try(
                connection,
                _pair(address, email),
                free=FREE_TRIES,
                first=FIRST_DELAY_SECONDS,
                longest=LONGEST_DELAY_SECONDS,
                forget=FORGET_SECONDS,
            )
        if wait:
            raise LoginDelayedError(wait)
        return state

    async def logged_in(self, address: str, email: str) -> None:
        """The password was right: the pair's tries are forgotten."""
        async with self._database.service_connection() as connection:
            await self._repository.forget_tries(connection, _pair(address, email))


def _account(email: str) -> str:
    return f"account:{email.casefold()}"


def _pair(address: str, email: str) -> str:
    return f"{address}\0{_account(email)}"
