"""The readers' process hears what is sent, whole and at its time; late and joined events are told apart."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import pytest
from octavia_benchmarks.live.crowd import Crowd
from octavia_benchmarks.live.source import SENT_AT
from octavia_benchmarks.live_from_kafka import Message, took
from octavia_local.errors import LocalError

HEAD = b"HTTP/1.1 200 OK\r\n\r\nid: 0\n\n"


async def test_the_crowd_hears_every_event_and_when_it_came(tmp_path: Path) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /")
        writer.write(HEAD)
        writers.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Crowd.gathered(tmp_path) as crowd:
        await crowd.open(server.sockets[0].getsockname()[1], ["GET / HTTP/1.1\r\n\r\n"] * 20)
        await crowd.record()
        sent = time.perf_counter()
        for writer in writers:
            # In two pieces: the event is there when its end is.
            writer.write(f'id: 1\ndata: {{"at":{sent:.7f},"x'.encode())
            await writer.drain()
        await asyncio.sleep(0.05)
        for writer in writers:
            writer.write(b'":1}\n\n')
        await asyncio.sleep(0.2)
        heard = await crowd.heard(SENT_AT)
        assert [float(groups[0]) for _, *groups in heard.events] == [pytest.approx(sent, abs=1e-6)] * 20
        assert all(sent + 0.05 <= at <= time.perf_counter() for at, *_ in heard.events)
        assert heard.closed == 0
        writers[0].close()
        await asyncio.sleep(0.1)
        assert (await crowd.heard(SENT_AT)).closed == 1
        for writer in writers:
            writer.close()


def test_an_event_is_heard_of_by_the_first_news_that_includes_it() -> None:
    job, other = uuid4(), uuid4()
    messages = [Message(one, done, "t", 0, b"") for one, done in ((job, 1), (job, 2), (other, 1))]
    news = [(10.0, str(job), "3"), (11.0, str(other), "2"), (12.0, str(job), "4")]
    assert took(messages, [9.0, 9.5, 9.0], news) == [1.0, 0.5, 2.0]
    with pytest.raises(LocalError):
        took([Message(other, 2, "t", 0, b"")], [9.0], news)
