"""A token that tells work, on the loop or in a thread, that nobody wants its result any more."""

import asyncio
import threading
from collections.abc import Callable

from octavia_common.errors import JobCancelledError


class CancelToken:
    """Cancelled at most once, from any thread; callbacks run in the thread that cancels."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self.reason = ""

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop as soon as it can."""
        return self._event.is_set()

    def cancel(self, reason: str = "") -> None:
        """Ask the work to stop; later calls change nothing."""
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Run `callback` once on cancellation (at once if it is past); returns how to unsubscribe."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def raise_if_cancelled(self) -> None:
        """Raise JobCancelledError where the token is cancelled."""
        if self.cancelled:
            raise JobCancelledError("The job has ended; its remaining work is dropped.", reason=self.reason)

    def sleep(self, seconds: float) -> None:
        """Wait in a thread; raises JobCancelledError as soon as the token is cancelled."""
        self._event.wait(seconds)
        self.raise_if_cancelled()

    async def wait(self) -> None:
        """Return once the token is cancelled."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        forget = self.on_cancel(wake)
        try:
            await woken.wait()
        finally:
            forget()
