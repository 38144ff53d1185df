"""Ctrl-C, SIGTERM and a closed terminal: as one exception, or held off for a while."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_AGAIN_SECONDS = 0.05


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: unwinds to the launcher, which then stops everything in order."""


@contextmanager
def signals_as_exception() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal raise `Stopped` in the block.

    Python swallows what is raised inside of a finalizer or a callback of a weak reference, and says so to
    `sys.unraisablehook`: then the signal is sent once more, a moment later.
    """
    tell_of = sys.unraisablehook

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    def swallowed(what: "sys.UnraisableHookArgs") -> None:
        if what.exc_type is Stopped:
            threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM)).start()
        else:
            tell_of(what)

    before = {number: signal.signal(number, stop) for number in _NUMBERS}
    sys.unraisablehook = swallowed
    try:
        yield
    finally:
        sys.unraisablehook = tell_of
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
