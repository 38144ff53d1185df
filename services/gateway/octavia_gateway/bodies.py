"""Bounds the bodies of requests that are no uploads."""

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

MAX_JSON_BYTES = 64 * 1024
"""Largest body of a request that is no upload."""


def bounded(request: Request) -> Request:
    """The request, whose body raises a 413 as soon as it is, or says it is, larger than it may be."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_JSON_BYTES:
        raise HTTPException(413)
    receive = request.receive
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_JSON_BYTES:
            raise HTTPException(413)
        return message

    return Request(request.scope, receive_bounded)
