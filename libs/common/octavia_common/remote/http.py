"""One HTTP/1.1 request over a connection to an address that was checked before, and to no other.

Small on purpose: no proxies, cookies, credentials, caches or encodings, so nothing of this machine's goes out
and nothing that comes in grows. Answers are read as they come, a piece at a time.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import httptools

from octavia_common.remote.addresses import Address
from octavia_common.remote.errors import RemoteProtocolError, RemoteUnreachableError
from octavia_common.remote.targets import Target

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
MOST_TRIED = 4
"""Addresses of one name that are tried."""

MOST_HEAD_BYTES = 64 * 1024
MOST_INTERIM = 8
"""Answers of the kind 1xx before the real one."""

PIECE_BYTES = 256 * 1024
USER_AGENT = "Octavia/1"


@dataclass(frozen=True)
class Answer:
    """The head of an answer, and its body as a stream; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@asynccontextmanager
async def get(target: Target, addresses: Sequence[Address], tls: ssl.SSLContext) -> AsyncIterator[Answer]:
    """Ask for the target at one of its addresses; the first that answers is used.

    Raises:
        RemoteUnreachableError: nobody answers, or the connection breaks.
        RemoteProtocolError: the certificate is not good, or this is not HTTP.
    """
    async with _exchange(target, addresses, tls, _request("GET", target, {"Accept": "*/*"})) as answer:
        yield answer


@asynccontextmanager
async def post(
    target: Target,
    addresses: Sequence[Address],
    tls: ssl.SSLContext,
    *,
    headers: Mapping[str, str],
    body: bytes,
) -> AsyncIterator[Answer]:
    """Send `body` to the target; `headers` are ours, in ASCII. Raises as `get` does."""
    head = _request("POST", target, {**headers, "Content-Length": str(len(body))})
    async with _exchange(target, addresses, tls, head + body) as answer:
        yield answer


@asynccontextmanager
async def _exchange(
    target: Target, addresses: Sequence[Address], tls: ssl.SSLContext, request: bytes
) -> AsyncIterator[Answer]:
    reader, writer = await _connect(target, addresses, tls)
    try:
        writer.write(request)
        yield await _answer(reader)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _connect(
    target: Target, addresses: Sequence[Address], tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for address in addresses[:MOST_TRIED]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _connect_to(target, address, tls)
        except ssl.SSLError:
            raise RemoteProtocolError from None
        except OSError:  # TimeoutError is one too
            continue
    raise RemoteUnreachableError


async def _connect_to(
    target: Target, address: Address, tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (str(address), target.port))
        if ip_address(connection.getpeername()[0]) != address:
            raise RemoteUnreachableError
        secure = target.scheme == "https"
        return await asyncio.open_connection(
            sock=connection,
            limit=PIECE_BYTES,
            ssl=tls if secure else None,
            server_hostname=target.host if secure else None,
        )
    except BaseException:
        connection.close()
        raise


def _request(method: str, target: Target, headers: Mapping[str, str]) -> bytes:
    lines = (
        f"{method} {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: {USER_AGENT}",
        "Accept-Encoding: identity",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def _answer(reader: asyncio.StreamReader) -> Answer:
    inbox = _Inbox()
    received = 0
    while not inbox.head_is_whole:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                data = await reader.read(MOST_HEAD_BYTES)
        except OSError:  # TimeoutError is one too
            raise RemoteUnreachableError from None
        if not data:
            raise RemoteUnreachableError
        inbox.take(data)
        received += len(data)
        if received > 2 * MOST_HEAD_BYTES and not inbox.head_is_whole:
            raise RemoteProtocolError
    encoding = inbox.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise RemoteProtocolError
    return Answer(inbox.status, inbox.headers, _body(reader, inbox))


async def _body(reader: asyncio.StreamReader, inbox: "_Inbox") -> AsyncIterator[bytes]:
    while True:
        while inbox.body:
            yield inbox.body.popleft()
        if inbox.ended:
            return
        try:
            data = await reader.read(PIECE_BYTES)
        except OSError:
            raise RemoteUnreachableError from None
        if not data:
            if inbox.ends_with_connection:
                return
            raise RemoteUnreachableError
        inbox.take(data)


class _Inbox:
    """What the parser found: the head of the answer and the pieces of its body that nobody took yet."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body: deque[bytes] = deque()
        self.head_is_whole = False
        self.ended = False
        self._interim = 0
        self._head_bytes = 0
        self._parser = httptools.HttpResponseParser(self)

    @property
    def ends_with_connection(self) -> bool:
        """Whether nothing but the connection's end says where the body ends (RFC 9112, 6.3)."""
        return not {"content-length", "transfer-encoding"} & self.headers.keys()

    def take(self, data: bytes) -> None:
        if self.ended:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, UnicodeError):
            if not self.ended:  # else it is only what came after the end, which nobody asked for
                raise RemoteProtocolError from None

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MOST_HEAD_BYTES:
            raise UnicodeError  # an error of the callback ends the parser
        self.headers[name.decode("ascii").lower()] = value.decode("utf-8", errors="replace")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if 100 <= self.status < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM or self.status == 101:
                raise UnicodeError
            self.headers = {}
        else:
            self.head_is_whole = True

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.ended = self.head_is_whole
