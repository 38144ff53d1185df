"""Connections that are cut, which no answer can do."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "octavia.transport"


class CuttableProtocol(HttpToolsProtocol):
    """Uvicorn's, with the connection in reach of the application."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {_TRANSPORT: self.transport}


def cut(request: Request) -> None:
    """Cut the connection of a request now, by RST: whoever waits learns that nothing will come."""
    transport: asyncio.Transport = request.scope["extensions"][_TRANSPORT]
    transport.abort()


class Cut(Response):
    """Instead of an answer: the connection is cut before a byte of one."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut it."""
        cut(self._request)
