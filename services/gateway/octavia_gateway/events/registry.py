"""All open streams of this process: how many there may be, their keep-alives, their metrics."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from prometheus_client import Counter as Count
from prometheus_client import Gauge

from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.stream import EventStream
from octavia_gateway.events.wire import KEEPALIVE
from octavia_gateway.problems import ApiError
from octavia_gateway.settings import GatewaySettings

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


class StreamRegistry:
    """Opens streams on the hub and keeps them alive."""

    def __init__(self, hub: EventHub, settings: GatewaySettings) -> None:
        self.hub = hub
        self._settings = settings
        self._open: set[EventStream] = set()
        self._of_user: Counter[UUID] = Counter()

    def admit(self, user_id: UUID, job_id: UUID | None) -> EventStream:
        """A new stream, attached to the hub. Raises TooManyStreamsError (429)."""
        settings = self._settings
        if len(self._open) >= settings.sse_max_connections:
            raise TooManyStreamsError(settings.sse_max_connections)
        if self._of_user[user_id] >= settings.sse_max_streams_per_user:
            raise TooManyStreamsError(settings.sse_max_streams_per_user)
        stream = EventStream(
            user_id,
            job_id,
            max_backlog=settings.sse_queue_events,
            send_timeout_seconds=settings.sse_send_timeout_seconds,
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
        """Send keep-alives until cancelled; then end every stream, so that clients go elsewhere."""
        try:
            while True:
                await asyncio.sleep(min(1.0, self._settings.sse_keepalive_seconds / 4))
                silent_since = time.monotonic() - self._settings.sse_keepalive_seconds
                for count, stream in enumerate(list(self._open), 1):
                    if stream.last_write < silent_since:
                        stream.keep_alive(KEEPALIVE)
                    if count % 256 == 0:
                        await asyncio.sleep(0)
        finally:
            self.end_all()

    def end_all(self) -> None:
        """End every stream after what is being written."""
        for stream in list(self._open):
            stream.end()
