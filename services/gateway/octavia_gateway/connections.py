"""Bounds on the head of a request: how large, how many fields, how slow.

The server itself has none: a request line or a field that never ends would fill the memory of the process,
and a head that comes byte by byte would hold its connection for ever. Bodies are bounded where they are read.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 32 * 1024
"""Request line and fields together; nginx takes as much (large_client_header_buffers, 4 of 8 KiB)."""

MOST_FIELDS = 100
HEAD_SECONDS = 20.0
"""From the connection, or the first byte of a further request, to the end of the head."""

_ANSWERS = {
    400: ("Bad Request", "malformed_request", "This is no HTTP request."),
    408: ("Request Timeout", "request_timeout", "The head of the request did not arrive in time."),
    414: ("URI Too Long", "uri_too_long", "The address of the request is too long."),
    431: (
        "Request Header Fields Too Large",
        "headers_too_large",
        f"The head of a request may have {MOST_HEAD_BYTES} bytes and {MOST_FIELDS} fields.",
    ),
}


class BoundedHead(HttpToolsProtocol):
    """One connection. What is refused never becomes a request: it is answered and the connection closed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._in_head = True
        self._head_bytes = 0
        self._refused = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._requests = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what lies wholly inside a head; the parser would keep all of it."""
        if self._refused:
            return
        begun_in_head = self._in_head
        super().data_received(data)
        if begun_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(431)

    def on_message_begin(self) -> None:
        """A further request begins."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole: now its exact size is known."""
        self._in_head = False
        self._head_has_come()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._refused:
            return
        if len(self.url) > MOST_HEAD_BYTES // 2:
            self._refuse(414)
        elif size > MOST_HEAD_BYTES or len(self.headers) > MOST_FIELDS:
            self._refuse(431)
        else:
            super().on_headers_complete()
            self._requests += 1

    def on_body(self, body: bytes) -> None:
        """Nothing is kept for a request that was refused."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Nor does it end."""
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What cannot be read is told in the same form as everything else."""
        self._refuse(400)

    def _expect_head(self) -> None:
        if self._head_timer is None and not self._refused:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _head_has_come(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if self.transport.get_protocol() is self:  # else an event stream has taken the connection over
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        if self._refused:
            return
        self._refused = True
        self._head_has_come()
        # Within another request's answer these bytes would be taken for a part of it.
        answering = self._requests > 0 and not self.cycle.response_complete
        if not answering and not self.transport.is_closing():
            self.transport.write(_answer(status))
        self.transport.close()


def _answer(status: int) -> bytes:
    title, code, detail = _ANSWERS[status]
    body = json.dumps(
        {
            "type": f"urn:octavia:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": "",
            "code": code,
            "request_id": "",
        }
    )
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return (head + body).encode()
