"""The small HTTP client takes what servers say, in bounds, and nothing that is not HTTP."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from octavia_common.errors import OctaviaError
from octavia_common.remote.addresses import AddressPolicy
from octavia_common.remote.errors import (
    RemoteProtocolError,
    RemoteRefusedError,
    RemoteTooSlowError,
    RemoteUnreachableError,
)
from octavia_common.remote.http import MOST_HEAD_BYTES, Answer, get
from octavia_common.remote.resolving import Guard
from octavia_common.remote.source import Pace, RemoteSource, _check, _paced
from octavia_common.remote.targets import Target

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
REQUEST = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
PLAIN = ssl.create_default_context()
HERE = ip_address("127.0.0.1")


@asynccontextmanager
async def server(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Target]:
    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    yield Target("https" if tls else "http", "talk.example", port, "/x", None)
    listening.close()
    await listening.wait_closed()


def saying(*pieces: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return talk


async def body_of(talk: Talk) -> bytes:
    async with server(talk) as target, get(target, [HERE], PLAIN) as answer:
        return b"".join([chunk async for chunk in answer.chunks])


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile and more"],
        [CHUNKED + b"2\r\nfi\r\n2;x=y\r\nle\r\n0\r\nTrailer: x\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\nfi", b"le"],
        [b"HTTP/1.0 200 OK\r\n\r\nfile"],
        [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile"],
        [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile"],
        [bytes((letter,)) for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile"],
    ],
)
async def test_bodies(pieces: list[bytes]) -> None:
    assert await body_of(saying(*pieces)) == b"file"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", RemoteProtocolError),
        (b"-ERR wrong number of arguments\r\n", RemoteProtocolError),
        (b"\x15\x03\x01\x00\x02\x02\x46", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfile", RemoteProtocolError),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nfile",
            RemoteProtocolError,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nfile", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 3 * MOST_HEAD_BYTES + b"\r\n\r\n", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000 + b"\r\n", RemoteProtocolError),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000, RemoteProtocolError),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nfile", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfile", RemoteUnreachableError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfile\r\n", RemoteUnreachableError),
        (b"HTTP/1.1 200", RemoteUnreachableError),
        (b"", RemoteUnreachableError),
    ],
)
async def test_what_is_no_good_answer(said: bytes, error: type[OctaviaError]) -> None:
    with pytest.raises(error):
        await body_of(saying(said))


async def test_nobody_there() -> None:
    async with server(saying(b"")) as target:
        pass
    with pytest.raises(RemoteUnreachableError):
        async with get(target, [HERE], PLAIN):
            pass


async def test_the_next_address_is_tried() -> None:
    good = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile")
    async with server(good) as target, get(target, [ip_address("127.0.0.2"), HERE], PLAIN) as answer:
        assert answer.status == 200


def certificate(directory: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side for `name`, and a client's side that trusts it."""
    key, cert = str(directory / "key.pem"), str(directory / "cert.pem")
    subprocess.run(
        ["openssl", *REQUEST, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(cert, key)
    return ours, ssl.create_default_context(cafile=cert)


async def test_a_certificate_must_be_good_and_for_the_name(tmp_path: Path) -> None:
    good = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile")
    serving, trusting = certificate(tmp_path, "talk.example")
    async with server(good, serving) as target:
        async with get(target, [HERE], trusting) as answer:
            assert b"".join([chunk async for chunk in answer.chunks]) == b"file"
        with pytest.raises(RemoteProtocolError):
            async with get(target, [HERE], PLAIN):
                pass
        with pytest.raises(RemoteProtocolError):
            async with get(replace(target, host="other.example"), [HERE], trusting):
                pass


async def test_the_request_says_nothing_of_us() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.readuntil(b"\r\n\r\n"))
        await talk(reader, writer)
        writer.close()

    listening = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    guard = Guard(Here(), AddressPolicy([], own=lambda _: False))
    source = RemoteSource(guard, ports={port}, pace=Pace())
    with pytest.raises(OctaviaError):  # 127.0.0.1 is not public
        async with source.opened(f"http://talk.example:{port}/a?q=ü"):
            pass
    assert not heard.done()
    target = source.parse(f"http://TALK.example.:{port}/é?q=ü#part")
    async with get(target, [HERE], PLAIN) as answer:
        assert answer.status == 403
    lines = (await heard).decode("ascii").split("\r\n")
    assert lines[:2] == ["GET /%C3%A9?q=%C3%BC HTTP/1.1", f"Host: talk.example:{port}"]
    assert {line.partition(":")[0] for line in lines[2:] if line} == {
        "User-Agent", "Accept", "Accept-Encoding", "Connection"
    }  # fmt: skip
    listening.close()
    await listening.wait_closed()


class Here:
    async def addresses(self, name: str) -> list[str]:
        return ["127.0.0.1"]


async def test_slow_servers_are_given_up() -> None:
    async def slow() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b"x"

    async def silent() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(60)

    for chunks, pace in ((slow(), Pace(0.2, 1000.0)), (silent(), Pace(0.2, 0.0))):
        with pytest.raises(RemoteTooSlowError):
            async for _ in _paced(chunks, pace):
                pass


async def test_refusals_are_told_from_what_may_pass() -> None:
    for status, error in (
        (404, RemoteRefusedError),
        (206, RemoteRefusedError),
        (503, RemoteUnreachableError),
    ):
        with pytest.raises(error):
            _check(Answer(status, {}, _nothing()))


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
