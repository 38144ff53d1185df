"""One part on its way to the store while its bytes still come in.

A part that is filled first and sent afterwards takes the time of both; one that is passed on as it
comes takes the longer of the two. It speaks HTTP/1.1 by itself, on the event loop: a request whose
body comes in pieces would hold a thread of the client for as long as its sender is slow. Whoever
writes to a stream keeps the bytes until `finish` has returned, and puts them again where it fails.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from octavia_common.errors import TransientError

IDLE_CONNECTIONS = 16
"""Connections that wait for the next part; what is more is closed."""

ANSWER_SECONDS = 60.0
CONNECT_SECONDS = 5.0
_HEAD_BYTES = 64 * 1024
_BODY_BYTES = 1024 * 1024


class PartStream(Protocol):
    """A part that is being written. Every method but `close` may raise TransientError."""

    async def write(self, data: bytes | memoryview) -> None:
        """The next bytes; returns once the store is ready for more."""
        ...

    async def finish(self) -> str:
        """Waits until the store has the whole part; its etag."""
        ...

    def close(self) -> None:
        """Drops what is not finished: the store keeps nothing of it."""
        ...


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def usable(self) -> bool:
        return not self.reader.at_eof() and not self.writer.is_closing()


class PartConnections:
    """Connections to one store for parts that are streamed, used again from part to part.

    `address_of` signs the address of one part: key, upload id, number, size in bytes.
    """

    def __init__(self, address_of: Callable[[str, str, int, int], str]) -> None:
        self._address_of = address_of
        self._idle: list[_Connection] = []
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    async def open(self, key: str, upload_id: str, number: int, size_bytes: int) -> "HttpPartStream":
        """Begins a part of exactly `size_bytes`. Raises TransientError where no connection can be made."""
        url = urlsplit(self._address_of(key, upload_id, number, size_bytes))
        head = (
            f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Content-Length: {size_bytes}\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        connection = await self._connection(url.hostname or "", url.port, secure=url.scheme == "https")
        stream = HttpPartStream(self, connection)
        await stream.write(head.encode("ascii"))
        return stream

    def give_back(self, connection: _Connection) -> None:
        """Keeps a connection whose answer was read to its end."""
        if self._closed or len(self._idle) >= IDLE_CONNECTIONS or not connection.usable:
            connection.writer.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Closes the idle connections, and the others as they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().writer.close()

    async def _connection(self, host: str, port: int | None, *, secure: bool) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.writer.close()
        if secure and self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)  # reads files
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(
                    host,
                    port or (443 if secure else 80),
                    ssl=self._tls if secure else None,
                    limit=_HEAD_BYTES,
                )
        except OSError as error:  # a time-out is one
            raise _unreachable(error) from None
        return _Connection(reader, writer)


class HttpPartStream:
    """A PUT in hand."""

    def __init__(self, home: PartConnections, connection: _Connection) -> None:
        self._home = home
        self._connection: _Connection | None = connection

    async def write(self, data: bytes | memoryview) -> None:
        writer = self._at_work().writer
        writer.write(data)
        if writer.transport.get_write_buffer_size() == 0 and not writer.is_closing():
            return  # the kernel has it all, as mostly: nothing to wait for
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await writer.drain()
        except OSError as error:
            self.close()
            raise _unreachable(error) from None

    async def finish(self) -> str:
        connection = self._at_work()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, headers = await _read_head(connection.reader)
                length = headers.get("content-length", "")
                if length.isdecimal() and int(length) <= _BODY_BYTES:
                    await connection.reader.readexactly(int(length))
                    keep = headers.get("connection", "").lower() != "close"
                else:
                    keep = False
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            self.close()
            raise _unreachable(error) from None
        etag = headers.get("etag", "").strip('"')
        if status != 200 or not etag:
            self.close()
            raise TransientError("The object store did not take a part; try again later.", http_status=status)
        if keep:
            self._connection = None
            self._home.give_back(connection)
        else:
            self.close()
        return etag

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                # Not `close`: what is still in the buffer must not follow.
                connection.writer.transport.abort()

    def _at_work(self) -> _Connection:
        if self._connection is None:
            raise TransientError("The part is not being written any more.")
        return self._connection


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        if status >= 200:  # before it there may be an interim answer
            break
    pairs = (line.partition(":") for line in lines[1:] if line)
    return status, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _unreachable(error: BaseException) -> TransientError:
    return TransientError(
        "The object store broke off while a part was being written.", reason=type(error).__name__
    )
