"""Bounds the bodies of requests that are no uploads: in size and time."""

import asyncio

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

MAX_JSON_BYTES = 64 * 1024
"""Largest body of a request that is no upload."""

BODY_SECONDS = 20.0
"""From the head to the last byte of such a body."""


def bounded(request: Request, most_bytes: int = MAX_JSON_BYTES) -> Request:
    """The request, whose body raises a 413 as soon as it is, or says it is, larger than it may be, and a 408
    when it has not come in time."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most_bytes:
        raise HTTPException(413)
    receive = request.receive
    received = 0
    due = asyncio.get_running_loop().time() + BODY_SECONDS
    whole = False

    async def receive_bounded() -> Message:
        nonlocal received, whole
        if whole:  # from here on one waits for the client to go away, which may take any time
            return await receive()
        try:
            async with asyncio.timeout_at(due):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        whole = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise HTTPException(413)
        return message

    return Request(request.scope, receive_bounded)


def check_encoding(request: Request) -> None:
    """Raises a 415 for a compressed body: a few bytes of it could unpack to any size, so none is unpacked."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise HTTPException(415)
