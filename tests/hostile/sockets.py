"""Requests that no well-kept HTTP client would send, byte for byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where the connection was closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: int
    """Bytes that the server took before it answered or hung up."""

    def json(self) -> Any:
        return json.loads(self.body)


async def speak(url: str, pieces: AsyncIterator[bytes] | Iterable[bytes], *, seconds: float = 30) -> Answer:
    """Send bytes until the server answers or hangs up, then read its first answer to the end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    sent = 0

    async def send() -> None:
        nonlocal sent
        try:
            if isinstance(pieces, AsyncIterator):
                async for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
            else:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
        except (ConnectionError, OSError):
            pass

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(seconds):
            status, headers, body = await _read(reader)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return Answer(status, headers, body, sent)


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, {}, b""
    lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
    }
    try:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        body = b""
    return int(lines[0].split(" ")[1]), headers, body


def head(method: str, path: str, *fields: str) -> bytes:
    """A request's head."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *fields, "", ""]).encode("latin-1")
