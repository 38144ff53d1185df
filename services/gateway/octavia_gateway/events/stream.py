"""One open event stream: replays what was missed, then passes on what the hub brings.

It has neither a task nor a request: once its head is out it is the protocol of its own connection (see
`handover`), and the hub writes. What a connection does not take at once waits in a bounded backlog of
frames that all streams share; a reader whose backlog is full, or who takes nothing for too long, is
dropped. It can come back with its Last-Event-ID.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from octavia_gateway.events.wire import LAST_CHUNK, Frame, StreamEvent


class Transport(Protocol):
    """The part of an asyncio transport that a stream uses."""

    def write(self, data: bytes) -> None:
        """Send, or keep for sending; never blocks."""

    def close(self) -> None:
        """Close once what was written is out."""

    def abort(self) -> None:
        """Close now."""


class EventStream(asyncio.Protocol):
    """A listener that writes to one connection. `job_id` narrows it to one job.

    Attributes:
        cursor: number of the newest event written.
        credential_id: the session or API key it was opened with; the stream ends when that does.
        expires_at: when the token it was opened with runs out, in seconds of `time.time`.
        dropped: whether its reader was cut off for not reading.
        missed: whether more came while it was opening than could be kept: read the log again.
        last_write, stalled_since: seconds of `time.monotonic`; the latter is None while its reader reads.
    """

    __slots__ = (
        "_backlog",
        "_framed",
        "_live",
        "_max_backlog",
        "_on_close",
        "_over",
        "_resumed",
        "_transport",
        "credential_id",
        "cursor",
        "dropped",
        "expires_at",
        "job_id",
        "last_write",
        "missed",
        "stalled_since",
        "user_id",
    )

    def __init__(
        self,
        user_id: UUID,
        job_id: UUID | None,
        *,
        max_backlog: int = 64,
        on_close: "Callable[[EventStream], None]",
        credential_id: UUID | None = None,
        expires_at: float | None = None,
    ) -> None:
        self.user_id = user_id
        self.job_id = job_id
        self.credential_id = credential_id
        self.expires_at = expires_at
        self.cursor: int | None = None
        self.dropped = False
        self.missed = False
        self.last_write = time.monotonic()
        self.stalled_since: float | None = None
        # Made when first needed: at thousands of streams an empty one for each counts.
        self._backlog: deque[tuple[StreamEvent, Frame]] | None = None
        self._max_backlog = max_backlog
        self._on_close = on_close
        self._transport: Transport | None = None
        self._framed = False
        self._live = False
        self._over = False
        self._resumed: asyncio.Future[None] | None = None

    @property
    def attached(self) -> bool:
        """Whether it has a connection that will tell when it is lost."""
        return self._transport is not None

    # What the hub and the registry call

    def on_event(self, event: StreamEvent, frame: Frame) -> None:
        """Write the event, or keep it while an earlier write or the replay is under way."""
        if self._over or (self.job_id is not None and event.job_id != self.job_id):
            return
        if not self._live or self.stalled_since is not None:
            self._keep(event, frame)
        elif self.cursor is None or event.seq > self.cursor:
            self.cursor = event.seq
            self._write(frame)
            if self.job_id is not None and event.terminal:
                self.end()

    def on_credits(self) -> None:
        """Balances are no part of the stream."""

    def keep_alive(self, comment: Frame) -> None:
        """Write a comment, unless something is waiting to be written anyway."""
        if self._live and self.stalled_since is None and not self._over:
            self._write(comment)

    def end(self) -> None:
        """Write the end of the body; the connection closes once it is out."""
        if self._over:
            return
        self._finish()
        if self._transport is None:
            return  # it ends as soon as it is attached
        if self._framed:
            self._transport.write(LAST_CHUNK)
        self._transport.close()

    def drop(self) -> None:
        """Cut the reader off without waiting for what it does not take."""
        self.dropped = True
        self.abort()

    def abort(self) -> None:
        """Close the connection now, in the middle of the body: its reader is to connect again."""
        self._finish()
        if self._transport is not None:
            self._transport.abort()

    # What the opening calls

    def attach(self, transport: Transport, *, framed: bool) -> None:
        """From now on the connection is this stream's.

        `framed` says that chunks are written to the socket itself. Raises ConnectionResetError where the
        stream has ended meanwhile.
        """
        self._transport = transport
        self._framed = framed
        if self._over:
            transport.abort()
            raise ConnectionResetError("the stream ended before it began")

    async def replay(self, body: bytes, *, timeout_seconds: float) -> None:
        """Write what came before the stream goes live.

        Raises TimeoutError for a reader that takes nothing for `timeout_seconds`, ConnectionResetError
        where it has left.
        """
        if self._over:
            raise ConnectionResetError("the reader has left")
        if body:
            self._write(Frame(body))
        if self.stalled_since is not None:
            self._resumed = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(self._resumed, timeout_seconds)
            finally:
                self._resumed = None

    def go_live(self) -> None:
        """From now on events above the cursor are written as they come, those kept meanwhile first."""
        self._live = True
        self._write_backlog()

    # What the connection calls

    def pause_writing(self) -> None:
        """The reader does not keep up."""
        if self.stalled_since is None:
            self.stalled_since = time.monotonic()

    def resume_writing(self) -> None:
        """The reader took everything that was written."""
        self.stalled_since = None
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)
        if self._live and not self._over:
            self._write_backlog()

    def data_received(self, data: bytes) -> None:
        """Readers have nothing to say; whatever it is, it is let go."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whichever side."""
        self._finish()
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_exception(ConnectionResetError("the reader has left"))
        self._transport = None
        self._on_close(self)

    # Writing

    def _keep(self, event: StreamEvent, frame: Frame) -> None:
        if self.cursor is not None and event.seq <= self.cursor:
            return
        if self._backlog is None:
            self._backlog = deque()
        if len(self._backlog) < self._max_backlog:
            self._backlog.append((event, frame))
        elif self._live:
            self.drop()
        else:
            self._backlog = None
            self.missed = True

    def _write(self, frame: Frame) -> None:
        assert self._transport is not None
        self.last_write = time.monotonic()
        self._transport.write(frame.chunk if self._framed else frame.body)

    def _write_backlog(self) -> None:
        backlog, self._backlog = self._backlog, None
        while backlog and not self._over:
            self.on_event(*backlog.popleft())

    def _finish(self) -> None:
        self._over = True
        self._live = False
        self._backlog = None
