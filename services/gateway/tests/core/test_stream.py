"""One stream: its order, its end, and what becomes of a reader that does not read."""

import asyncio
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_gateway.auth.user import User
from octavia_gateway.events.asgi import AsgiTransport
from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.registry import StreamRegistry
from octavia_gateway.events.stream import EventStream
from octavia_gateway.events.wire import KEEPALIVE, Frame, StreamEvent, event_notice, read_notice
from octavia_gateway.settings import GatewaySettings
from prometheus_client import REGISTRY

USER, JOB = uuid4(), uuid4()


def event(seq: int, *, job_id: UUID = JOB, kind: str = "job.updated") -> StreamEvent:
    return StreamEvent(USER, seq, job_id, kind, f'{{"n":{seq}}}')


def tell(stream: EventStream, *events: StreamEvent) -> None:
    for one in events:
        stream.on_event(one, Frame(one.frame()))


def numbers(written: bytes) -> list[int]:
    return [int(line[4:]) for line in written.decode().splitlines() if line.startswith("id: ")]


class Connection:
    """An asyncio transport whose reader can stop reading; what it does not take is one write."""

    def __init__(self, stream: EventStream) -> None:
        self.stream = stream
        self.written = b""
        self.reading = True
        self.closed: str | None = None

    def write(self, data: bytes) -> None:
        assert self.closed is None
        self.written += data
        if not self.reading:
            self.stream.pause_writing()

    def read_on(self) -> None:
        self.reading = True
        self.stream.resume_writing()

    def close(self) -> None:
        self._closed("closed")

    def abort(self) -> None:
        self._closed("aborted")

    def _closed(self, how: str) -> None:
        if self.closed is None:
            self.closed = how
            asyncio.get_running_loop().call_soon(self.stream.connection_lost, None)

    def numbers(self) -> list[int]:
        return numbers(self.written)


def opening(
    *, job_id: UUID | None = None, framed: bool = False, **more: Any
) -> tuple[EventStream, Connection]:
    more.setdefault("on_close", lambda _: None)
    stream = EventStream(USER, job_id, **more)
    connection = Connection(stream)
    stream.attach(connection, framed=framed)
    return stream, connection


def live(*, cursor: int = 0, **more: Any) -> tuple[EventStream, Connection]:
    stream, connection = opening(**more)
    stream.cursor = cursor
    stream.go_live()
    return stream, connection


async def replay(stream: EventStream, *events: StreamEvent) -> None:
    await stream.replay(b"".join(one.frame() for one in events), timeout_seconds=1)


async def test_events_are_written_as_they_come_each_once() -> None:
    stream, connection = live()
    tell(stream, event(1), event(2), event(2), event(1), event(3))
    assert connection.numbers() == [1, 2, 3]


async def test_what_came_during_the_replay_follows_it_without_gap_or_repeat() -> None:
    stream, connection = opening()
    tell(stream, event(1), event(2), event(3))
    stream.cursor = 2
    await replay(stream, event(1), event(2))
    tell(stream, event(4))
    stream.go_live()
    assert connection.numbers() == [1, 2, 3, 4]


async def test_more_than_can_be_kept_during_the_replay_is_to_be_read_again() -> None:
    stream, connection = opening(max_backlog=3)
    tell(stream, *(event(n) for n in range(1, 6)))
    assert (stream.missed, connection.closed) == (True, None)
    stream.missed, stream.cursor = False, 5
    await replay(stream, *(event(n) for n in range(1, 6)))
    tell(stream, event(6))
    stream.go_live()
    assert connection.numbers() == [1, 2, 3, 4, 5, 6]


async def test_a_job_stream_hears_its_job_and_ends_with_it() -> None:
    closed: list[EventStream] = []
    stream, connection = live(job_id=JOB, framed=True, on_close=closed.append)
    tell(stream, event(1), event(2, job_id=uuid4()), event(3, kind="job.completed"), event(4))
    await asyncio.sleep(0)
    assert connection.numbers() == [1, 3]
    assert connection.written.endswith(b"\r\n0\r\n\r\n")
    assert connection.closed == "closed"
    assert closed == [stream]
    assert not stream.dropped


async def test_an_old_end_kept_during_the_replay_does_not_end_the_stream() -> None:
    stream, connection = opening(job_id=JOB)
    tell(stream, event(1, kind="job.failed"), event(2), event(3))
    stream.cursor = 2
    stream.go_live()
    tell(stream, event(4))
    assert connection.numbers() == [3, 4]
    assert connection.closed is None


async def test_a_stream_of_all_jobs_goes_on_after_one_ends() -> None:
    stream, connection = live()
    tell(stream, event(1, kind="job.completed"), event(2))
    assert connection.numbers() == [1, 2]


async def test_a_blocked_reader_gets_everything_in_order_once_it_reads() -> None:
    stream, connection = live()
    connection.reading = False
    tell(stream, *(event(n) for n in range(1, 6)))
    assert connection.numbers() == [1]  # what the connection had taken before it said so
    connection.read_on()
    assert connection.numbers() == [1, 2, 3, 4, 5]


async def test_a_reader_that_does_not_read_is_dropped_and_nothing_piles_up() -> None:
    stream, connection = live(max_backlog=8)
    connection.reading = False
    tell(stream, *(event(n) for n in range(1, 1000)))
    assert (stream.dropped, connection.closed) == (True, "aborted")
    assert stream._backlog is None
    assert connection.numbers() == [1]


async def test_a_replay_waits_for_its_reader_and_not_for_ever() -> None:
    stream, connection = opening()
    connection.reading = False
    writing = asyncio.create_task(replay(stream, event(1)))
    await asyncio.sleep(0)
    assert not writing.done()
    connection.read_on()
    await writing
    connection.reading = False
    with pytest.raises(TimeoutError):
        await stream.replay(event(2).frame(), timeout_seconds=0.01)


async def test_a_replay_ends_when_its_reader_leaves() -> None:
    stream, connection = opening()
    connection.reading = False
    writing = asyncio.create_task(replay(stream, event(1)))
    await asyncio.sleep(0)
    connection.abort()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(writing, 1)
    with pytest.raises(ConnectionResetError):
        await replay(stream, event(2))


async def test_a_stream_that_ended_before_it_began_is_cut_off() -> None:
    stream = EventStream(USER, None, on_close=lambda _: None)
    stream.end()
    connection = Connection(stream)
    with pytest.raises(ConnectionResetError):
        stream.attach(connection, framed=True)
    assert connection.closed == "aborted"


async def test_keep_alives_are_comments_and_wait_for_nobody() -> None:
    stream, connection = live()
    stream.keep_alive(KEEPALIVE)
    assert connection.written == b": keep-alive\n\n"
    connection.reading = False
    tell(stream, event(1))
    stream.keep_alive(KEEPALIVE)
    connection.read_on()
    assert connection.written.count(b"keep-alive") == 1


# What the registry looks after


class Registry:
    """A registry that looks after its streams as fast as it can."""

    def __init__(self, *, over: tuple[UUID, ...] = (), **settings: Any) -> None:
        async def never() -> Any:
            raise AssertionError("nothing is listened to here")

        async def revoked(_: Any) -> tuple[UUID, ...]:
            return over

        read_log: Callable[..., Coroutine[Any, Any, list[StreamEvent]]] = never
        self.registry = StreamRegistry(
            EventHub(never, read_log), GatewaySettings(sse_recheck_seconds=0.01, **settings), revoked
        )

    def open(self, **user: Any) -> tuple[EventStream, Connection]:
        stream = self.registry.admit(User(USER, "a@example.org", False, **user), None)
        connection = Connection(stream)
        stream.attach(connection, framed=True)
        stream.go_live()
        return stream, connection

    async def until_closed(self, connection: Connection) -> None:
        running = asyncio.create_task(self.registry.run())
        async with asyncio.timeout(5):
            while connection.closed is None:
                await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_write_that_takes_too_long_drops_the_reader() -> None:
    registry = Registry(sse_send_timeout_seconds=0.02)
    stream, connection = registry.open()
    connection.reading = False
    tell(stream, event(1))
    await registry.until_closed(connection)
    assert (stream.dropped, connection.closed) == (True, "aborted")


async def test_a_stream_ends_when_its_token_does() -> None:
    registry = Registry(sse_send_timeout_seconds=0.02)
    stream, connection = registry.open(expires_at=1.0)
    await registry.until_closed(connection)
    assert (stream.dropped, connection.closed) == (False, "closed")
    assert connection.written == b"0\r\n\r\n"


async def test_a_stream_ends_with_its_session_and_no_other_does() -> None:
    session, other = uuid4(), uuid4()
    registry = Registry(over=(session,))
    _, ended = registry.open(session_id=session)
    _, goes_on = registry.open(session_id=other)
    running = asyncio.create_task(registry.registry._end_revoked())
    async with asyncio.timeout(5):
        while ended.closed is None:
            await asyncio.sleep(0.001)
    running.cancel()
    assert goes_on.closed is None
    registry.registry.end_all()  # else the gauge of open streams, which others read, stays up
    await asyncio.sleep(0.01)  # closing is heard of on the loop's next turn
    assert REGISTRY.get_sample_value("octavia_sse_connections") == 0


# Servers whose connections cannot be taken over


class AsgiConnection:
    """An ASGI connection whose `send` can be blocked."""

    def __init__(self) -> None:
        self.messages: list[MutableMapping[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.left = asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.open.wait()
        self.messages.append(message)

    async def receive(self) -> MutableMapping[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def written(self) -> bytes:
        return b"".join(message["body"] for message in self.messages)


async def over_asgi(**more: Any) -> tuple[EventStream, AsgiConnection, asyncio.Task[None]]:
    stream = EventStream(USER, JOB, on_close=lambda _: None, **more)
    connection = AsgiConnection()
    transport = AsgiTransport(stream)
    stream.attach(transport, framed=False)
    running = asyncio.create_task(transport.run(connection.receive, connection.send))
    await replay(stream, event(1))
    stream.cursor = 1
    stream.go_live()
    return stream, connection, running


async def test_over_asgi_a_stream_is_written_and_ends() -> None:
    stream, connection, running = await over_asgi()
    connection.open.clear()
    tell(stream, event(2), event(3))
    connection.open.set()
    await asyncio.sleep(0.01)
    tell(stream, event(4, kind="job.completed"))
    await asyncio.wait_for(running, 1)
    assert numbers(connection.written) == [1, 2, 3, 4]
    assert [message["more_body"] for message in connection.messages][-1] is False
    assert not stream.attached


async def test_over_asgi_a_reader_that_does_not_read_is_dropped() -> None:
    stream, connection, running = await over_asgi(max_backlog=8)
    connection.open.clear()
    tell(stream, *(event(n) for n in range(2, 1000)))
    await asyncio.wait_for(running, 1)
    assert stream.dropped
    assert not stream.attached


async def test_over_asgi_a_client_that_leaves_ends_the_stream() -> None:
    stream, connection, running = await over_asgi()
    connection.left.set()
    await asyncio.wait_for(running, 1)
    assert not stream.attached
    assert not stream.dropped


def test_a_notice_carries_the_event_where_it_fits() -> None:
    small = event(7)
    assert read_notice(event_notice(small)).event == small
    large = StreamEvent(USER, 8, JOB, "job.updated", '{"text":"' + "é|" * 4000 + '"}')
    notice = read_notice(event_notice(large))
    assert (notice.user_id, notice.seq, notice.event) == (USER, 8, None)
