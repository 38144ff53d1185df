"""Videos at addresses that a provider names: fetched as what strangers send is fetched."""

import asyncio
from pathlib import Path

from octavia_common.remote.errors import RemoteRefusedError
from octavia_common.remote.resolving import SystemResolver
from octavia_common.remote.source import RemoteSource

from octavia_videogen.domain.errors import NoVideoError, ResultGoneError

GONE = frozenset({401, 403, 404, 410})
"""What stores answer for an object that is gone, or an address whose time is over."""


class RemoteResults:
    """Fetches from public servers alone, or from networks that the operator names."""

    def __init__(
        self, source: RemoteSource, resolver: SystemResolver, *, most_bytes: int, seconds: float
    ) -> None:
        self._source = source
        self._resolver = resolver
        self._most_bytes = most_bytes
        self._seconds = seconds

    def close(self) -> None:
        """Let go of the resolver's threads."""
        self._resolver.close()

    async def fetch(self, url: str, path: Path) -> None:
        """Write what is at `url` to `path`.

        Raises ResultGoneError, NoVideoError where it is too large, and what `RemoteSource.opened` raises.
        """
        try:
            async with asyncio.timeout(self._seconds), self._source.opened(url) as remote:
                if remote.length is not None and remote.length > self._most_bytes:
                    raise NoVideoError("the file is too large.")
                received = 0
                file = await asyncio.to_thread(path.open, "wb")
                try:
                    async for chunk in remote.chunks:
                        received += len(chunk)
                        if received > self._most_bytes:
                            raise NoVideoError("the file is too large.")
                        await asyncio.to_thread(file.write, chunk)
                finally:
                    await asyncio.to_thread(file.close)
        except RemoteRefusedError as error:
            if error.context.get("answered") in GONE:
                raise ResultGoneError from None
            raise

    async def still_there(self, url: str) -> bool:
        """Whether the address still gives the video; nothing of it is read. Raises RemoteUnreachableError."""
        try:
            async with asyncio.timeout(self._seconds), self._source.opened(url):
                return True
        except RemoteRefusedError as error:
            if error.context.get("answered") in GONE:
                return False
            raise
