"""Bounds on what uploads may take of one process: how many at once, and how long in silence."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from octavia_common.errors import TransientError
from starlette.requests import ClientDisconnect

from octavia_gateway.files.errors import UploadInterruptedError


class TooManyUploadsError(TransientError):
    """Every upload holds a part in memory, so their number is bounded."""

    code = "too_many_uploads"


class UploadSlots:
    """Places for the uploads that one process receives at the same time."""

    def __init__(self, limit: int) -> None:
        self._free = limit

    @contextmanager
    def one(self) -> Iterator[None]:
        """Holds a place.

        Raises:
            TooManyUploadsError: none is free.
        """
        if self._free <= 0:
            raise TooManyUploadsError("Too many uploads are running; try again in some seconds.")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


LEAST_BYTES = 64 * 1024
"""Without so many in each period an upload is given up: a byte now and then only holds its place."""


async def unless_idle(body: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """`body`, given up where less than `LEAST_BYTES` come in `seconds` or its sender goes away.

    Raises:
        UploadInterruptedError: either of the two.
    """
    loop = asyncio.get_running_loop()
    due, received = loop.time() + seconds, 0
    try:
        while True:
            async with asyncio.timeout_at(due):
                chunk = await anext(body, None)
            if chunk is None:
                return
            received += len(chunk)
            came = loop.time()
            yield chunk
            if received >= LEAST_BYTES:
                due, received = loop.time() + seconds, 0
            else:
                due += loop.time() - came  # what is done with a chunk takes no time of its sender's
    except TimeoutError:
        raise UploadInterruptedError("Nothing was received for too long; go on with the upload.") from None
    except ClientDisconnect:
        raise UploadInterruptedError("The connection was closed before the upload was complete.") from None
