"""Run a coroutine at once, and make a task of it only where it has to wait.

A broadcast to thousands of streams calls ASGI's `send` for each. Nearly always `send` only writes to
a socket's buffer and never waits, and then a task for each would cost more than the work itself.
(Python 3.12 has eager tasks; this is the part of them that is needed here.)
"""

from collections.abc import Coroutine, Generator
from typing import Any


class Rest:
    """What is left of a coroutine that began to wait; await it to finish it."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting_for: Any) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, None]:
        waiting_for = self._waiting_for
        while True:
            try:
                value = yield waiting_for
            except BaseException as error:  # noqa: BLE001 - handed on, a cancellation too
                thrown: BaseException | None = error
            else:
                thrown = None
            try:
                if thrown is not None:
                    waiting_for = self._coroutine.throw(thrown)
                else:
                    waiting_for = self._coroutine.send(value)
            except StopIteration:
                return


def start(coroutine: Coroutine[Any, Any, None]) -> Rest | None:
    """Run `coroutine` up to where it waits. None when it is done; raises what it raises."""
    try:
        waiting_for = coroutine.send(None)
    except StopIteration:
        return None
    return Rest(coroutine, waiting_for)
