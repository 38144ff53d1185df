"""The answer to callers who call too often."""

import math

from octavia_gateway.problems import ApiError
from octavia_gateway.rate_limits.rates import LimitState


class RateLimitedError(ApiError):
    """Too many requests; `Retry-After` says when there is room again."""

    status = 429
    code = "rate_limited"

    def __init__(self, wait_seconds: float, state: LimitState | None = None) -> None:
        wait = max(1, math.ceil(wait_seconds))
        super().__init__(
            f"Too many requests. Try again in {wait} s.",
            headers={**(state.headers() if state else {}), "Retry-After": str(wait)},
            retry_after=wait,
        )


class LoginDelayedError(RateLimitedError):
    """Too many wrong passwords for one account from one address: each further one waits twice as long."""

    code = "login_delayed"

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(wait_seconds)
        self.message = (
            f"The password was wrong too often. Try again in {self.context['retry_after']} s; "
            "each further wrong one doubles the wait."
        )
