"""One hub a process: woken by PostgreSQL, it hands each event to every listener of its user.

An event is encoded once, whatever the number of listeners. NOTIFY is only the fast way: what a lost
connection or an overrun buffer swallowed is read from the log, from the oldest listener's place on.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import structlog
from tenacity import AsyncRetrying, stop_never, wait_exponential_jitter

from octavia_gateway.events.wire import CHANNEL, Frame, Notice, StreamEvent, read_notice

log = structlog.get_logger(__name__)

MAX_WAITING_NOTICES = 20_000
"""Notices not yet handed on; above it they are dropped and the log is read instead."""

YIELD_EVERY = 256
"""Deliveries after which other tasks get their turn."""

CatchUp = Callable[[Sequence[tuple[UUID, int]]], Awaitable[Sequence[StreamEvent]]]
"""Reads from the log what came after a number, for several users; in order for each."""


class Listener(Protocol):
    """Whoever wants to hear of one user. Its methods must not block.

    `cursor` is the number of the last event that it has, or None if it keeps no place.
    """

    user_id: UUID
    cursor: int | None

    def on_event(self, event: StreamEvent, frame: Frame) -> None:
        """A new event, and its encoding. It may come twice; the cursor tells."""

    def on_credits(self) -> None:
        """The user's balance changed, or may have."""


class EventHub:
    """Knows all listeners of this process. Run `run()` in the background."""

    def __init__(
        self, connect: Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]], catch_up: CatchUp
    ) -> None:
        self._connect = connect
        self._catch_up = catch_up
        self._listeners: dict[UUID, set[Listener]] = {}
        self._notices: deque[str] = deque()
        self._lost = False
        self._overrun = False
        self._wake = asyncio.Event()
        self.connected = asyncio.Event()
        self.epoch = 0
        """Rises whenever notices may have been missed: who read the log before must read it again."""

    def attach(self, listener: Listener) -> None:
        """From now on `listener` hears of its user."""
        self._listeners.setdefault(listener.user_id, set()).add(listener)

    def detach(self, listener: Listener) -> None:
        """`listener` hears nothing more; harmless if it was not attached."""
        listeners = self._listeners.get(listener.user_id)
        if listeners is not None:
            listeners.discard(listener)
            if not listeners:
                del self._listeners[listener.user_id]

    @contextlib.asynccontextmanager
    async def watch(self, user_id: UUID) -> AsyncIterator["Watch"]:
        """Be woken by anything that happens to a user, from entering on."""
        watch = Watch(user_id)
        self.attach(watch)
        try:
            yield watch
        finally:
            self.detach(watch)

    async def run(self) -> None:
        """Listen until cancelled, connecting again for as long as it takes."""
        async for attempt in AsyncRetrying(
            stop=stop_never, wait=wait_exponential_jitter(multiplier=0.05, max=2), before_sleep=_tell
        ):
            with attempt:
                await self._listen()

    async def _listen(self) -> None:
        connection = await self._connect()
        try:
            connection.add_termination_listener(self._on_lost)
            await connection.add_listener(CHANNEL, self._on_notify)
            self._lost = self._overrun = False
            self.epoch += 1
            self._notices.clear()
            self.connected.set()
            await self._read_log()
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._lost:
                    raise ConnectionError("the connection that listens for events is gone")
                await self._drain()
        finally:
            self.connected.clear()
            await _close(connection)

    def _on_lost(self, _: Any) -> None:
        self._lost = True
        self._wake.set()

    def _on_notify(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if len(self._notices) >= MAX_WAITING_NOTICES:
            self._notices.clear()
            self._overrun = True
        self._notices.append(str(payload))
        self._wake.set()

    async def _drain(self) -> None:
        delivered = 0
        while self._notices or self._overrun:
            if self._overrun:
                log.warning("too many events are waiting; reading them from the log")
                self._overrun = False
                self._notices.clear()
                self.epoch += 1
                await self._read_log()
                continue
            payload = self._notices.popleft()
            # Most events are of users that nobody follows on this replica: look before parsing.
            if _user_of(payload) in self._listeners:
                delivered += await self._hand_on(read_notice(payload))
            if delivered >= YIELD_EVERY:
                delivered = 0
                await asyncio.sleep(0)

    async def _hand_on(self, notice: Notice) -> int:
        if notice.about_credits:
            for listener in list(self._listeners.get(notice.user_id, ())):
                listener.on_credits()
            return 1
        if notice.event is None:
            for event in await self._catch_up([(notice.user_id, notice.seq - 1)]):
                await self._deliver(event)
            return 1
        return await self._deliver(notice.event)

    async def _deliver(self, event: StreamEvent) -> int:
        listeners = list(self._listeners.get(event.user_id, ()))
        frame = Frame(event.frame())
        for count, listener in enumerate(listeners, 1):
            listener.on_event(event, frame)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return len(listeners)

    async def _read_log(self) -> None:
        places = [
            (user_id, min(cursors))
            for user_id, listeners in self._listeners.items()
            if (cursors := [one.cursor for one in listeners if one.cursor is not None])
        ]
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                listener.on_credits()
        for start in range(0, len(places), 500):
            for event in await self._catch_up(places[start : start + 500]):
                await self._deliver(event)


class Watch:
    """A listener that only wants to be woken."""

    cursor: int | None = None

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self._changed = asyncio.Event()

    def on_event(self, event: StreamEvent, frame: Frame) -> None:
        """Wake up."""
        self._changed.set()

    def on_credits(self) -> None:
        """Wake up."""
        self._changed.set()

    async def changed(self) -> None:
        """Return once something has happened since the last return."""
        await self._changed.wait()
        self._changed.clear()


def _user_of(payload: str) -> UUID | None:
    try:
        return UUID(payload[:36])
    except ValueError:
        return None


async def _close(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(connection.close(), 2)


def _tell(state: Any) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("listening for events failed, trying again", error=repr(error))
