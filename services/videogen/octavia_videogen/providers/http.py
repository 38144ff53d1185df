"""HTTP with a provider's API: bounded in time and size, and exact about what is known when it fails."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from octavia_videogen.domain.errors import AnswerLostError, LookFailedError, OrderDeferredError

MOST_ANSWER_BYTES = 1024 * 1024
MOST_CONNECTIONS = 64
CONNECT_SECONDS = 5.0
ORDER_SECONDS = 30.0
LOOK_SECONDS = 10.0

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Failures before a byte of the request left."""


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    content: bytes
    retry_after: float | None


class Exchange:
    """Requests to one API. No proxies, cookies or redirects."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        order_seconds: float = ORDER_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        common: dict[str, Any] = {"base_url": base_url, "headers": dict(headers), "trust_env": False}
        # An order goes over a connection of its own: one kept open may be closed by the other side just then,
        # and nobody could say whether the order arrived.
        self._orders = httpx.AsyncClient(
            **common,
            timeout=httpx.Timeout(order_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=0),
        )
        self._looks = httpx.AsyncClient(
            **common,
            timeout=httpx.Timeout(look_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_CONNECTIONS,
                keepalive_expiry=30,
            ),
        )

    async def order(self, path: str, **content: Any) -> Answer:
        """POST an order. Raises OrderDeferredError where it never left, AnswerLostError where it may have."""
        try:
            return await _whole(self._orders, "POST", path, **content)
        except _NEVER_SENT as error:
            raise OrderDeferredError(f"it cannot be reached ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise AnswerLostError(type(error).__name__) from None

    async def look(self, method: str, path: str, **content: Any) -> Answer:
        """Ask for something that changes nothing, or may be asked twice. Raises LookFailedError."""
        try:
            return await _whole(self._looks, method, path, **content)
        except httpx.HTTPError as error:
            raise LookFailedError(type(error).__name__) from None

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[httpx.Response]:
        """GET something large. Raises LookFailedError."""
        try:
            async with self._looks.stream("GET", path) as response:
                yield response
        except httpx.HTTPError as error:
            raise LookFailedError(type(error).__name__) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._orders.aclose()
        await self._looks.aclose()


async def _whole(client: httpx.AsyncClient, method: str, path: str, **content: Any) -> Answer:
    async with client.stream(method, path, **content) as response:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > MOST_ANSWER_BYTES:
                raise httpx.ReadError("the answer is too large")
        return Answer(response.status_code, bytes(body), retry_after(response.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of a Retry-After header; None for none and for a date."""
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 7 else None
