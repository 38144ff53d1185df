"""Lets go of the whole application while a stream is open.

An open stream lives for hours, and every frame of the framework below it would live as long: a
router, a dozen middlewares, the request, its dependencies. So the response of a stream only sends its
head, and leaves the rest to this outermost middleware, which runs it once the application has returned.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "octavia.handover"

Continuation = Callable[[Receive, Send], Awaitable[None]]


class HandoverResponse(Response):
    """Sends status and headers; `continuation` sends the body later, outside the application."""

    def __init__(self, continuation: Continuation, *, headers: dict[str, str], media_type: str) -> None:
        self._continuation = continuation
        self.status_code = 200
        self.media_type = media_type
        self.background: BackgroundTask | None = None
        self.body = b""
        self.init_headers(headers)
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


def abort(send: Any) -> None:
    """Cut the connection behind `send` without waiting for what its reader does not take.

    ASGI has no word for it; uvicorn's `send` is a method of an object that knows its transport.
    Elsewhere nothing happens, and the server closes as it sees fit.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
