"""Waiting for servers that are still starting: to end and be started again takes longer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

START_PATIENCE_SECONDS = 60.0
"""How long a service that starts waits for a server that is away."""

T = TypeVar("T")


async def once_there(call: Callable[[], Awaitable[T]], passing: Callable[[BaseException], bool]) -> T:
    """What `call()` answers when it succeeds at last.

    Raises its error where that is not `passing`, and the last one when patience runs out.
    """
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(passing),
        stop=stop_after_delay(START_PATIENCE_SECONDS),
        wait=wait_exponential_jitter(multiplier=0.2, max=3),
        reraise=True,
    ):
        with attempt:
            return await call()
    raise AssertionError("unreachable: tenacity returns or raises")
