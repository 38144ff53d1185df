"""A transport over ASGI's `send`, for servers whose connections cannot be taken over."""

import asyncio
from typing import Protocol

from starlette.types import Receive, Send


class Owner(Protocol):
    """Whoever writes to the transport: what asyncio's flow control asks of a protocol."""

    def pause_writing(self) -> None:
        """Write no more for now."""

    def resume_writing(self) -> None:
        """Everything written is out."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has left, or the transport is closed."""


class AsgiTransport:
    """Hands on to `send` what is written. One write may wait; behind it the owner is told to pause."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._waiting = bytearray()
        self._wake = asyncio.Event()
        self._closing = self._aborted = False
        self._task: asyncio.Task[None] | None = None

    async def run(self, receive: Receive, send: Send) -> None:
        """Write until closed, or until the client leaves."""
        self._task = asyncio.create_task(self._write_all(send), name="event stream")
        leaving = asyncio.create_task(_until_left(receive), name="event stream's client")
        try:
            if not self._aborted:
                await asyncio.wait((self._task, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._task.cancel()
            leaving.cancel()
            await asyncio.gather(self._task, leaving, return_exceptions=True)
            self._owner.connection_lost(None)

    def write(self, data: bytes) -> None:
        """Send, or keep for sending."""
        self._waiting += data
        self._wake.set()
        self._owner.pause_writing()

    def close(self) -> None:
        """Close once what was written is out."""
        self._closing = True
        self._wake.set()

    def abort(self) -> None:
        """Leave the answer in the middle; ASGI has no word for more."""
        self._aborted = True
        if self._task is not None:
            self._task.cancel()

    async def _write_all(self, send: Send) -> None:
        while not (self._closing and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                data = bytes(self._waiting)
                self._waiting.clear()
                await send({"type": "http.response.body", "body": data, "more_body": True})
            if not self._closing:
                self._owner.resume_writing()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
