"""Opens what a URL leads to: checked, followed through redirects that are each checked again, and bounded."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from time import monotonic
from urllib.parse import unquote

from octavia_common.media import ForbiddenFormatError
from octavia_common.remote.errors import (
    RemoteNotMediaError,
    RemoteRefusedError,
    RemoteTooSlowError,
    RemoteUnreachableError,
    TooManyRedirectsError,
)
from octavia_common.remote.http import Answer, get
from octavia_common.remote.resolving import Guard
from octavia_common.remote.targets import Target, follow, parse_target

MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others in a minute."""

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PLAYLISTS = frozenset(
    {"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl",
     "application/dash+xml", "application/sdp", "audio/x-scpls", "application/xspf+xml"}
)  # fmt: skip


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server. `length` is what the server says of its size, None for nothing."""

    filename: str
    length: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class Pace:
    """How slow a server may be: silent for `idle_seconds`, and no slower than `least_bytes_per_second` over
    any such time."""

    idle_seconds: float = 60.0
    least_bytes_per_second: float = 16 * 1024


class RemoteSource:
    """Files of strangers' servers."""

    def __init__(
        self, guard: Guard, *, ports: Collection[int], pace: Pace, tls: ssl.SSLContext | None = None
    ) -> None:
        self._guard = guard
        self._ports = frozenset(ports)
        self._pace = pace
        self._tls = tls or ssl.create_default_context()

    def parse(self, url: str) -> Target:
        """Where a URL leads. Raises InvalidUrlError, ForbiddenAddressError."""
        return parse_target(url, self._ports)

    def admitted(self, url: str) -> Target:
        """As `parse`, refusing also an address that is written in it and not permitted; asks nobody."""
        target = self.parse(url)
        self._guard.check_literal(target)
        return target

    @asynccontextmanager
    async def opened(self, url: str) -> AsyncIterator[RemoteFile]:
        """The file that `url` leads to.

        Raises:
            InvalidUrlError, ForbiddenAddressError, TooManyRedirectsError, RemoteRefusedError,
            RemoteProtocolError, RemoteNotMediaError, ForbiddenFormatError, RemoteTooSlowError;
            RemoteUnreachableError: worth trying again.
        """
        target = self.parse(url)
        for _ in range(MOST_REDIRECTS + 1):
            addresses = await self._guard.checked(target)
            async with get(target, addresses, self._tls) as answer:
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    _check(answer)
                    yield RemoteFile(
                        filename=_filename(answer, target),
                        length=_length(answer),
                        chunks=_paced(answer.chunks, self._pace),
                    )
                    return
                location = answer.headers["location"]
            target = follow(target, location, self._ports)
        raise TooManyRedirectsError(MOST_REDIRECTS)


def _check(answer: Answer) -> None:
    if answer.status in _LATER:
        raise RemoteUnreachableError
    if answer.status != 200:
        raise RemoteRefusedError(answer.status)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in _PAGES:
        raise RemoteNotMediaError
    if media_type in _PLAYLISTS:
        raise ForbiddenFormatError("hls")


def _length(answer: Answer) -> int | None:
    stated = answer.headers.get("content-length", "")
    return int(stated) if stated.isdecimal() and stated.isascii() and len(stated) < 19 else None


def _filename(answer: Answer, target: Target) -> str:
    """What the server calls it (RFC 6266), else the end of its path; made harmless where it is kept."""
    header = Message()
    header["content-disposition"] = answer.headers.get("content-disposition", "").replace("\n", " ")
    named = header.get_filename()
    return named or unquote(target.path.partition("?")[0].rpartition("/")[2], errors="replace")


async def _paced(chunks: AsyncIterator[bytes], pace: Pace) -> AsyncIterator[bytes]:
    """`chunks`, given up where they come too slowly. The time that the taker takes does not count."""
    waited, received = 0.0, 0
    while True:
        begun = monotonic()
        try:
            async with asyncio.timeout(pace.idle_seconds):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise RemoteTooSlowError from None
        if chunk is None:
            return
        waited += monotonic() - begun
        received += len(chunk)
        if waited >= pace.idle_seconds:
            if received < waited * pace.least_bytes_per_second:
                raise RemoteTooSlowError
            waited, received = 0.0, 0
        yield chunk
