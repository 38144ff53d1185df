"""One open event stream: replays what was missed, then passes on what the hub brings.

It has no task of its own: the request's task waits for the client to leave, and the hub writes. A
reader that does not read is dropped once its bounded buffer is full or one write takes too long; it
can come back with its Last-Event-ID.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import UUID

from octavia_gateway.events import eager
from octavia_gateway.events.wire import StreamEvent

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class EventStream:
    """A listener that writes to one connection. `job_id` narrows it to one job."""

    __slots__ = (
        "__weakref__",
        "_backlog",
        "_ending",
        "_finished",
        "_live",
        "_max_backlog",
        "_send",
        "_send_timeout",
        "_waiter",
        "_writer",
        "cursor",
        "dropped",
        "job_id",
        "last_write",
        "user_id",
    )

    def __init__(
        self,
        user_id: UUID,
        job_id: UUID | None,
        *,
        max_backlog: int = 64,
        send_timeout_seconds: float = 10.0,
    ) -> None:
        self.user_id = user_id
        self.job_id = job_id
        self.cursor: int | None = None
        self.dropped = False
        self.last_write = time.monotonic()
        self._backlog: deque[tuple[int, bool, bytes]] = deque()
        self._max_backlog = max_backlog
        self._send_timeout = send_timeout_seconds
        self._send: Send | None = None
        self._live = False
        self._ending = False
        self._writer: asyncio.Task[None] | None = None
        self._waiter: asyncio.Task[Any] | None = None
        self._finished = False

    # What the hub calls

    def on_event(self, event: StreamEvent, frame: bytes) -> None:
        """Write the event, or keep it while an earlier write or the replay is under way."""
        if self._ending or self._finished or (self.job_id is not None and event.job_id != self.job_id):
            return
        if self._live and event.seq <= (self.cursor or 0):
            return
        if not self._live or self._writer is not None:
            self._keep(event, frame)
            return
        self.cursor = event.seq
        self._write(frame, last=self._ends_with(event))

    def on_credits(self) -> None:
        """Balances are no part of the stream."""

    def keep_alive(self, comment: bytes) -> None:
        """Write a comment, unless something is being written anyway."""
        if self._live and self._writer is None and not self._ending and not self._finished:
            self._write(comment, last=False)

    # What the request's task calls

    async def replay(self, send: Send, frames: bytes) -> None:
        """Write what came before the stream went live. Raises TimeoutError for a reader that stalls."""
        self._send = send
        if frames:
            async with asyncio.timeout(self._send_timeout):
                await send({"type": "http.response.body", "body": frames, "more_body": True})

    def go_live(self, cursor: int) -> None:
        """From now on events above `cursor` are written as they come, those kept meanwhile first."""
        self.cursor = cursor
        self._live = True
        self._write_backlog()

    async def wait(self, receive: Receive) -> None:
        """Return when the client has left, the stream's last event is written, or it was dropped.

        The request's own task waits, without a second one beside it: at thousands of streams each
        object counts. So the stream's end wakes it by a cancellation, which is taken back here.
        """
        if self._finished:
            return
        task = self._waiter = asyncio.current_task()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            by_others = task is not None and task.uncancel() > 0
            if by_others or not self._finished:
                raise
        finally:
            self._waiter = None

    async def close(self) -> None:
        """Stop writing."""
        self._finish()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def end(self) -> None:
        """Let `wait` return once what is being written is out."""
        self._ending = True
        if self._writer is None:
            self._finish()

    # Writing

    def _ends_with(self, event: StreamEvent) -> bool:
        return self.job_id is not None and event.terminal

    def _keep(self, event: StreamEvent, frame: bytes) -> None:
        if len(self._backlog) >= self._max_backlog:
            self.dropped = True
            self._finish()
            return
        self._backlog.append((event.seq, self._ends_with(event), frame))

    def _write(self, data: bytes, *, last: bool) -> None:
        assert self._send is not None
        self.last_write = time.monotonic()
        self._ending = self._ending or last
        message = {"type": "http.response.body", "body": data, "more_body": True}
        try:
            rest = eager.start(_as_coroutine(self._send, message))
        except Exception:  # noqa: BLE001 - the client has gone; servers differ in how they say so
            self._finish()
            return
        if rest is not None:
            self._writer = asyncio.ensure_future(self._write_rest(rest))
        elif self._ending:
            self._finish()

    async def _write_rest(self, rest: eager.Rest) -> None:
        try:
            async with asyncio.timeout(self._send_timeout):
                await rest
        except TimeoutError:
            self.dropped = True
            self._finish()
            return
        except Exception:  # noqa: BLE001 - as above
            self._finish()
            return
        finally:
            self._writer = None
        if self._ending:
            self._finish()
        else:
            self._write_backlog()

    def _write_backlog(self) -> None:
        data = bytearray()
        last = False
        while self._backlog and not last:
            seq, ends, frame = self._backlog.popleft()
            if seq > (self.cursor or 0):
                self.cursor, last = seq, ends
                data += frame
        if data:
            self._write(bytes(data), last=last)

    def _finish(self) -> None:
        self._backlog.clear()
        if not self._finished:
            self._finished = True
            if self._waiter is not None:
                self._waiter.cancel()


async def _as_coroutine(send: Send, message: MutableMapping[str, Any]) -> None:
    await send(message)
