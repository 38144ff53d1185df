"""Ctrl-C, SIGTERM and a closed terminal: as one exception, or held off for a while."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: unwinds to the launcher, which then stops everything in order."""


@contextmanager
def signals_as_exception() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal raise `Stopped` in the block."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def without_signals(action: Callable[[], None]) -> None:
    """Do something that no second Ctrl-C may break off: it ends by itself, within its grace periods."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _NUMBERS}
    try:
        action()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
