"""One stream: its order, its end, and what becomes of a reader that does not read."""

import asyncio
from collections.abc import MutableMapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_gateway.events.stream import EventStream
from octavia_gateway.events.wire import StreamEvent, event_notice, read_notice

USER, JOB = uuid4(), uuid4()


def event(seq: int, *, job_id: UUID = JOB, kind: str = "job.updated") -> StreamEvent:
    return StreamEvent(USER, seq, job_id, kind, f'{{"n":{seq}}}')


def tell(stream: EventStream, *events: StreamEvent) -> None:
    for one in events:
        stream.on_event(one, one.frame())


class Connection:
    """An ASGI connection whose `send` can be blocked."""

    def __init__(self) -> None:
        self.written = b""
        self.open = asyncio.Event()
        self.open.set()
        self.left = asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if not self.open.is_set():
            await self.open.wait()
        self.written += message["body"]

    async def receive(self) -> MutableMapping[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    def numbers(self) -> list[int]:
        return [int(line[4:]) for line in self.written.decode().splitlines() if line.startswith("id: ")]


async def live(
    connection: Connection, *, job_id: UUID | None = None, cursor: int = 0, **limits: Any
) -> EventStream:
    stream = EventStream(USER, job_id, **limits)
    await stream.replay(connection.send, b"")
    stream.go_live(cursor)
    return stream


async def test_events_are_written_as_they_come_each_once() -> None:
    connection = Connection()
    stream = await live(connection)
    tell(stream, event(1), event(2), event(2), event(1), event(3))
    assert connection.numbers() == [1, 2, 3]


async def test_what_came_during_the_replay_follows_it_without_gap_or_repeat() -> None:
    connection = Connection()
    stream = EventStream(USER, None)
    tell(stream, event(1), event(2), event(3))
    await stream.replay(connection.send, event(1).frame() + event(2).frame())
    tell(stream, event(4))
    stream.go_live(2)
    assert connection.numbers() == [1, 2, 3, 4]


async def test_a_job_stream_hears_its_job_and_ends_with_it() -> None:
    connection = Connection()
    stream = await live(connection, job_id=JOB)
    waiting = asyncio.create_task(stream.wait(connection.receive))
    tell(stream, event(1), event(2, job_id=uuid4()), event(3, kind="job.completed"), event(4))
    await asyncio.wait_for(waiting, 1)
    assert connection.numbers() == [1, 3]
    assert not stream.dropped


async def test_an_old_end_kept_during_the_replay_does_not_end_the_stream() -> None:
    connection = Connection()
    stream = EventStream(USER, JOB)
    tell(stream, event(1, kind="job.failed"), event(2), event(3))
    await stream.replay(connection.send, b"")
    stream.go_live(2)
    tell(stream, event(4))
    assert connection.numbers() == [3, 4]


async def test_a_stream_of_all_jobs_goes_on_after_one_ends() -> None:
    connection = Connection()
    stream = await live(connection)
    tell(stream, event(1, kind="job.completed"), event(2))
    assert connection.numbers() == [1, 2]


async def test_a_blocked_reader_gets_everything_in_order_once_it_reads() -> None:
    connection = Connection()
    stream = await live(connection)
    connection.open.clear()
    tell(stream, *(event(n) for n in range(1, 6)))
    assert connection.numbers() == []
    connection.open.set()
    await asyncio.sleep(0.01)
    assert connection.numbers() == [1, 2, 3, 4, 5]


async def test_a_reader_that_does_not_read_is_dropped_and_nothing_piles_up() -> None:
    connection = Connection()
    stream = await live(connection, max_backlog=8)
    waiting = asyncio.create_task(stream.wait(connection.receive))
    connection.open.clear()
    tell(stream, *(event(n) for n in range(1, 1000)))
    await asyncio.wait_for(waiting, 1)
    await stream.close()
    assert stream.dropped
    assert not stream._backlog


async def test_a_write_that_takes_too_long_drops_the_reader() -> None:
    connection = Connection()
    stream = await live(connection, send_timeout_seconds=0.02)
    connection.open.clear()
    tell(stream, event(1))
    await asyncio.wait_for(stream.wait(connection.receive), 2)
    assert stream.dropped


async def test_a_client_that_leaves_ends_the_stream() -> None:
    connection = Connection()
    stream = await live(connection)
    waiting = asyncio.create_task(stream.wait(connection.receive))
    connection.left.set()
    await asyncio.wait_for(waiting, 1)
    assert not stream.dropped


async def test_a_cancelled_request_stays_cancelled() -> None:
    connection = Connection()
    stream = await live(connection)
    waiting = asyncio.create_task(stream.wait(connection.receive))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_keep_alives_are_comments_and_wait_for_nobody() -> None:
    connection = Connection()
    stream = await live(connection)
    stream.keep_alive(b": keep-alive\n\n")
    assert connection.written == b": keep-alive\n\n"
    connection.open.clear()
    tell(stream, event(1))
    stream.keep_alive(b": keep-alive\n\n")
    connection.open.set()
    await asyncio.sleep(0.01)
    assert connection.written.count(b"keep-alive") == 1


def test_a_notice_carries_the_event_where_it_fits() -> None:
    small = event(7)
    assert read_notice(event_notice(small)).event == small
    large = StreamEvent(USER, 8, JOB, "job.updated", '{"text":"' + "é|" * 4000 + '"}')
    notice = read_notice(event_notice(large))
    assert (notice.user_id, notice.seq, notice.event) == (USER, 8, None)
