"""What surrounds every request: its id, the security headers, and an answer where all else failed."""

import re
import time
import uuid

import structlog
from prometheus_client import Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octavia_gateway.problems import internal_problem
from octavia_gateway.rate_limits.http import STATE_KEY

log = structlog.get_logger(__name__)

SECONDS = Histogram(
    "octavia_http_request_seconds", "Time until a request's answer was out.", ["method", "route", "status"]
)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
"""The documentation is a page: its own scripts and styles, and nothing from elsewhere."""


class RequestContext:
    """Gives every request an id, which is in its log lines, its problem document and its response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application within the context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        request_id = _id_of(request)
        scope["request_id"] = request_id
        started = finished = False
        status, begun = 500, time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal started, finished, status
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                _complete(MutableHeaders(scope=message), scope, request_id)
            await send(message)
            finished = message["type"] == "http.response.body" and not message.get("more_body", False)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(service="gateway", request_id=request_id)
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            log.exception("a request failed", method=scope["method"], path=scope["path"])
            if not started:
                await internal_problem(request)(scope, receive, send_with_headers)
            elif not finished:
                raise  # the answer is cut in the middle: only closing the connection tells its reader
        finally:
            # By the route's template: a path would make a metric of every id.
            route = getattr(scope.get("route"), "path", "none")
            SECONDS.labels(scope["method"], route, status).observe(time.perf_counter() - begun)


def _id_of(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _complete(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    headers["X-Request-ID"] = request_id
    for name, value in _SECURITY.items():
        headers.setdefault(name, value)
    if scope["path"] in ("/docs", "/redoc"):
        headers["Content-Security-Policy"] = _DOCS_POLICY
    for name, value in scope.get(STATE_KEY, {}).items():
        headers.setdefault(name, value)
    if scope["path"].startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
