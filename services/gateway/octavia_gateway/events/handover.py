"""Lets go of the application, and of the request, while a stream is open.

An open stream lives for hours, and everything below it would live as long: a router, a dozen
middlewares, dependencies, the server's task, parser and request. So the response of a stream only
sends its head, and leaves the rest to this outermost middleware. Once the application has returned,
the stream becomes the protocol of the connection itself, and what is left of the request ends.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

KEY = "octavia.handover"

SEND_BUFFER_BYTES = 64 * 1024
"""Most that the kernel keeps for one reader; it would grow to megabytes for one who does not read."""

UNACKNOWLEDGED_MS = 60_000
"""A reader whose machine acknowledges nothing for this long is gone, whatever became of it."""

Continuation = Callable[[Receive, Send], Awaitable[None]]


class HandoverResponse(Response):
    """Sends status and headers; `continuation` sends the body later, outside the application."""

    def __init__(self, continuation: Continuation, *, headers: dict[str, str], media_type: str) -> None:
        self._continuation = continuation
        self.status_code = 200
        self.media_type = media_type
        self.background: BackgroundTask | None = None
        self.body = b""
        # What follows the stream on its connection, nobody reads.
        self.init_headers({**headers, "Connection": "close"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head through every middleware, then leave."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        scope[KEY].append(self._continuation)


class Handover:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, then what it left behind."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        left: list[Continuation] = []
        scope[KEY] = left
        await self.app(scope, receive, send)
        # The server itself looks at these when it sends.
        kept = {key: scope[key] for key in ("type", "method") if key in scope}
        scope.clear()
        scope.update(kept)
        for continuation in left:
            await continuation(receive, send)


def take_over(send: Send, protocol: asyncio.Protocol) -> asyncio.Transport | None:
    """The connection behind ASGI's `send`, whose protocol is `protocol` from now on.

    The head of a chunked answer must be out. None where the server is another than uvicorn with
    httptools, or something stands between. Raises ConnectionResetError where the client has left.
    """
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle) or not cycle.chunked_encoding:
        return None
    transport = cycle.transport
    server = transport.get_protocol()
    if cycle.disconnected or transport.is_closing():
        raise ConnectionResetError("the client has left")
    if not isinstance(server, HttpToolsProtocol) or server.cycle is not cycle:
        return None
    paused = server.flow.write_paused
    # To uvicorn it looks as if the client had left: the request ends, and nobody waits for it.
    cycle.disconnected = True
    server.connections.discard(server)
    # Or they would keep one another alive.
    server.parser = None  # type: ignore[assignment]
    server.cycle = None  # type: ignore[assignment]
    server.pipeline.clear()
    transport.set_protocol(protocol)
    transport.set_write_buffer_limits(high=0)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    if paused:
        protocol.pause_writing()
    transport.resume_reading()
    return transport
