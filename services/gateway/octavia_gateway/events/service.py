"""Opens a stream: what its reader has missed, the seam to what is new, and the end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from octavia_common.errors import TransientError
from starlette.types import Receive, Send

from octavia_gateway.auth.user import User
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.asgi import AsgiTransport
from octavia_gateway.events.handover import take_over
from octavia_gateway.events.log import Draft, EventLog
from octavia_gateway.events.registry import StreamRegistry
from octavia_gateway.events.stream import EventStream
from octavia_gateway.events.wire import StreamEvent

PAGE = 500
"""Events read from the log at once."""


class StreamsNotReadyError(TransientError):
    """This replica does not hear of new events just now."""

    code = "streams_not_ready"


class Followed(Protocol):
    """One thing of a user that has a stream of its own: a job, or a video."""

    @property
    def id(self) -> UUID:
        """Whose events its stream is made of."""
        ...

    async def now(self, connection: Connection, user_id: UUID) -> tuple[Draft, int]:
        """How it stands, and the number of the user's newest event, in one snapshot. Raises NotFoundError."""
        ...


@dataclass(frozen=True)
class Opening:
    """What a new stream begins with. `nothing_more` says that the reader has seen the end already."""

    frames: bytes
    cursor: int
    ended: bool = False
    more: bool = False
    nothing_more: bool = False


class StreamService:
    """Streams of one user's events, of everything or of one thing."""

    def __init__(self, database: GatewayDatabase, registry: StreamRegistry) -> None:
        self._database = database
        self._registry = registry
        self._hub = registry.hub
        self.send_timeout_seconds = registry.send_timeout_seconds
        self._log = EventLog()

    async def open(
        self, user: User, followed: Followed | None, last_event_id: int | None
    ) -> "OpenStream | None":
        """A stream that stands at its beginning, or None where its end was seen already.

        Raises NotFoundError (404), TooManyStreamsError (429), StreamsNotReadyError (503).
        """
        await self._wait_for_hub()
        stream = self._registry.admit(user, followed.id if followed else None)
        with self._registry.releasing_on_error(stream):
            epoch = self._hub.epoch
            opening = await self._begin(user.user_id, followed, last_event_id)
            if opening.nothing_more:
                self._registry.release(stream)
                return None
            return OpenStream(self, stream, opening, epoch)

    async def _wait_for_hub(self) -> None:
        try:
            await asyncio.wait_for(self._hub.connected.wait(), 5)
        except TimeoutError:
            raise StreamsNotReadyError("Live events are not there just now. Connect again shortly.") from None

    async def _begin(self, user_id: UUID, followed: Followed | None, last_event_id: int | None) -> Opening:
        job_id = followed.id if followed else None
        async with self._database.user_transaction(user_id) as connection:
            if followed is not None:
                await followed.now(connection, user_id)
            if last_event_id is None:
                return await self._fresh(connection, user_id, followed)
            backlog = await self._log.since(connection, user_id, last_event_id, job_id=job_id, limit=PAGE)
            pruned = backlog.first_kept > last_event_id + 1
            if last_event_id > backlog.last_seq or (pruned and job_id is not None):
                return await self._fresh(connection, user_id, followed)
            if job_id is None or backlog.events:
                return _opening(backlog.events, backlog.last_seq, job_id)
            ended = (await self._fresh(connection, user_id, followed)).ended
            # It may have ended between the two looks: then its last event is in the log by now.
            backlog = await self._log.since(connection, user_id, last_event_id, job_id=job_id, limit=PAGE)
            if ended and not backlog.events:
                return Opening(b"", backlog.last_seq, nothing_more=True)
            return _opening(backlog.events, backlog.last_seq, job_id)

    async def _fresh(self, connection: Connection, user_id: UUID, followed: Followed | None) -> Opening:
        """The state now, in one snapshot with the number it stands at."""
        if followed is None:
            seq = await self._log.last_seq(connection, user_id)
            return Opening(f"id: {seq}\n\n".encode(), seq)
        draft, seq = await followed.now(connection, user_id)
        event = StreamEvent(user_id, seq, draft.job_id, draft.kind, draft.body)
        return Opening(event.frame(), seq, ended=event.terminal)

    async def more(self, stream: EventStream, cursor: int) -> Opening:
        """What came after `cursor`."""
        async with self._database.user_transaction(stream.user_id) as connection:
            backlog = await self._log.since(
                connection, stream.user_id, cursor, job_id=stream.job_id, limit=PAGE
            )
        return _opening(backlog.events, backlog.last_seq, stream.job_id)

    def missed_notices_since(self, epoch: int) -> bool:
        """Whether the hub may have missed something since `epoch`."""
        return self._hub.epoch != epoch

    @property
    def epoch(self) -> int:
        """The hub's epoch."""
        return self._hub.epoch

    def release(self, stream: EventStream) -> None:
        """The stream is over."""
        self._registry.release(stream)


class OpenStream:
    """A stream that is about to be written; call it with the connection's `receive` and `send`."""

    def __init__(self, service: StreamService, stream: EventStream, opening: Opening, epoch: int) -> None:
        self._service = service
        self._stream = stream
        self._opening = opening
        self._epoch = epoch

    async def __call__(self, receive: Receive, send: Send) -> None:
        """Take the connection over, write what was missed and go live.

        Where the connection cannot be taken over, the call lasts as long as the stream.
        """
        stream = self._stream
        try:
            transport = take_over(send, stream)
            if transport is None:
                await self._through_asgi(receive, send)
            else:
                stream.attach(transport, framed=True)
                await self._begin()
        except ConnectionResetError:
            stream.abort()
        finally:
            # A connection taken over tells by itself when it is lost.
            if not stream.attached:
                self._service.release(stream)

    async def _through_asgi(self, receive: Receive, send: Send) -> None:
        transport = AsgiTransport(self._stream)
        self._stream.attach(transport, framed=False)
        beginning = asyncio.create_task(self._begin(), name="event stream's beginning")
        try:
            await transport.run(receive, send)
        finally:
            beginning.cancel()
            await asyncio.gather(beginning, return_exceptions=True)

    async def _begin(self) -> None:
        try:
            await self._catch_up()
        except TimeoutError:
            self._stream.drop()
        except ConnectionResetError:
            pass  # the reader left meanwhile
        except BaseException:
            self._stream.abort()
            raise

    async def _catch_up(self) -> None:
        stream, opening = self._stream, self._opening
        while True:
            stream.cursor = opening.cursor
            await stream.replay(opening.frames, timeout_seconds=self._service.send_timeout_seconds)
            if not (opening.more or stream.missed or self._service.missed_notices_since(self._epoch)):
                break
            self._epoch = self._service.epoch
            stream.missed = False
            opening = await self._service.more(stream, opening.cursor)
        stream.go_live()
        if opening.ended:
            stream.end()


def _opening(events: Sequence[StreamEvent], last_seq: int, job_id: UUID | None) -> Opening:
    full = len(events) == PAGE
    return Opening(
        b"".join(event.frame() for event in events),
        events[-1].seq if full else last_seq,
        # The newest event of a job says how it stands; an older end was followed by a new run.
        ended=job_id is not None and not full and bool(events) and events[-1].terminal,
        more=full,
    )
