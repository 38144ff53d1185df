"""All open streams of this process: how many there may be, their keep-alives and ends, their metrics."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from uuid import UUID

import structlog
from octavia_common.database import UNAVAILABLE
from prometheus_client import Counter as Count
from prometheus_client import Gauge

from octavia_gateway.auth.user import User
from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.stream import EventStream
from octavia_gateway.events.wire import KEEPALIVE
from octavia_gateway.problems import ApiError
from octavia_gateway.settings import GatewaySettings

log = structlog.get_logger(__name__)

OPEN = Gauge("octavia_sse_connections", "Open event streams.")
DROPPED = Count("octavia_sse_dropped_total", "Event streams dropped because their reader did not read.")


class TooManyStreamsError(ApiError):
    """This user, or this process, has as many open streams as it may."""

    status = 429
    code = "too_many_streams"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"There are {limit} open event streams already. Close some, then connect again.",
            headers={"Retry-After": "5"},
            limit=limit,
        )


STREAMS_A_TURN = 64
"""Streams looked after before other tasks get their turn."""

CREDENTIALS_AT_ONCE = 1000
"""Sessions and API keys looked up by one statement."""

Revoked = Callable[[Sequence[UUID]], Awaitable[Sequence[UUID]]]
"""Which of these sessions and API keys are over."""


class StreamRegistry:
    """Opens streams on the hub and looks after them."""

    def __init__(self, hub: EventHub, settings: GatewaySettings, revoked: Revoked) -> None:
        self.hub = hub
        self.send_timeout_seconds = settings.sse_send_timeout_seconds
        self._settings = settings
        self._revoked = revoked
        self._open: set[EventStream] = set()
        self._of_user: Counter[UUID] = Counter()
        self._released = self.release

    def admit(self, user: User, job_id: UUID | None) -> EventStream:
        """A new stream, attached to the hub. Raises TooManyStreamsError (429)."""
        settings, user_id = self._settings, user.user_id
        if len(self._open) >= settings.sse_max_connections:
            raise TooManyStreamsError(settings.sse_max_connections)
        if self._of_user[user_id] >= settings.sse_max_streams_per_user:
            raise TooManyStreamsError(settings.sse_max_streams_per_user)
        stream = EventStream(
            user_id,
            job_id,
            max_backlog=settings.sse_queue_events,
            on_close=self._released,
            credential_id=user.session_id or user.key_id,
            expires_at=user.expires_at,
        )
        self._open.add(stream)
        self._of_user[user_id] += 1
        self.hub.attach(stream)
        OPEN.inc()
        return stream

    def release(self, stream: EventStream) -> None:
        """Forget a stream; harmless if it is forgotten already."""
        if stream not in self._open:
            return
        self._open.discard(stream)
        self.hub.detach(stream)
        self._of_user[stream.user_id] -= 1
        if self._of_user[stream.user_id] <= 0:
            del self._of_user[stream.user_id]
        OPEN.dec()
        if stream.dropped:
            DROPPED.inc()

    @contextlib.contextmanager
    def releasing_on_error(self, stream: EventStream) -> Iterator[None]:
        """Forget the stream if the block fails."""
        try:
            yield
        except BaseException:
            self.release(stream)
            raise

    async def run(self) -> None:
        """Look after the streams until cancelled; then end every one, so that clients go elsewhere."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look_after_all())
                group.create_task(self._end_revoked())
        finally:
            self.end_all()

    async def _look_after_all(self) -> None:
        settings = self._settings
        while True:
            await asyncio.sleep(min(1.0, settings.sse_keepalive_seconds / 4, self.send_timeout_seconds / 4))
            monotonic, now = time.monotonic(), time.time()
            silent_since = monotonic - settings.sse_keepalive_seconds
            stalled_since = monotonic - self.send_timeout_seconds
            for count, stream in enumerate(list(self._open), 1):
                if stream.stalled_since is not None:
                    if stream.stalled_since < stalled_since:
                        stream.drop()
                elif stream.last_write < silent_since:
                    stream.keep_alive(KEEPALIVE)
                if stream.expires_at is not None and stream.expires_at <= now:
                    stream.end()
                if count % STREAMS_A_TURN == 0:
                    await asyncio.sleep(0)

    async def _end_revoked(self) -> None:
        """End the streams of sessions logged out of, and of API keys deleted, on whatever replica."""
        while True:
            await asyncio.sleep(self._settings.sse_recheck_seconds)
            by_credential: dict[UUID, list[EventStream]] = {}
            for stream in self._open:
                if stream.credential_id is not None:
                    by_credential.setdefault(stream.credential_id, []).append(stream)
            credentials = list(by_credential)
            for start in range(0, len(credentials), CREDENTIALS_AT_ONCE):
                try:
                    over = await self._revoked(credentials[start : start + CREDENTIALS_AT_ONCE])
                except UNAVAILABLE as error:
                    log.warning("cannot see which sessions are over; looking again", error=repr(error))
                    break
                for credential in over:
                    for stream in by_credential[credential]:
                        stream.end()

    def end_all(self) -> None:
        """End every stream after what is being written."""
        for stream in list(self._open):
            stream.end()
