"""A signal that asks to stop is never lost."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from octavia_local.signals import Stopped, signals_as_exception

PATIENCE_SECONDS = 10.0


class StoppedWhileForgotten:
    """Is asked to stop in its finalizer, where Python swallows what is raised."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)


def wait_after(ask: Callable[[], object]) -> None:
    ask()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_the_block_and_nothing_after_it(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped), signals_as_exception():
        wait_after(lambda: os.kill(os.getpid(), number))
    assert signal.getsignal(number) is before


def test_one_that_is_swallowed_comes_again() -> None:
    with pytest.raises(Stopped), signals_as_exception():
        wait_after(StoppedWhileForgotten)
