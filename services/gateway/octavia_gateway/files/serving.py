"""An object as an HTTP answer: ranges, validators, a safe name, and no copy of it in memory."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from fastapi import Request
from octavia_common.artifacts import ArtifactStore, sha256_of
from octavia_common.events import ArtifactRef
from starlette.responses import Response, StreamingResponse

from octavia_gateway.files.names import content_disposition
from octavia_gateway.files.ranges import etag_of, http_date, if_range_holds, none_match, parse_range
from octavia_gateway.openapi import problems

_MEDIA: dict[str, Any] = {"video/*": {}, "audio/*": {}, "application/octet-stream": {}}
SERVED: dict[int | str, dict[str, Any]] = {
    **problems(404, 409, 416),
    200: {"content": _MEDIA, "description": "The file."},
    206: {"content": _MEDIA, "description": "The part of it that was asked for."},
    304: {"description": "The file that the client has."},
}
"""Answers of an endpoint that gives what a job made, for its description."""


async def serve(
    request: Request,
    store: ArtifactStore,
    ref: ArtifactRef,
    *,
    filename: str,
    modified: datetime | None = None,
) -> Response:
    """The answer to GET or HEAD: 200, 206 or 304; `modified` None: only its tag tells versions apart.

    The first bytes are read before the answer begins, so an object that is gone is an error document
    and not a broken download.

    Raises:
        UnsatisfiableRangeError: 416.
        ArtifactMissingError: 404.
    """
    etag = etag_of(ref.sha256)
    headers = _headers(etag, filename) | {"Accept-Ranges": "bytes"}
    if modified is not None:
        headers["Last-Modified"] = http_date(modified)
    if not none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    wanted = None
    # A range is defined for GET alone (RFC 9110, 14.2).
    if request.method == "GET" and if_range_holds(
        request.headers.get("if-range"), etag=etag, modified=modified
    ):
        wanted = parse_range(request.headers.get("range"), ref.size_bytes)
    start, length = (wanted.start, wanted.length) if wanted else (0, ref.size_bytes)
    headers["Content-Length"] = str(length)
    if wanted:
        headers["Content-Range"] = wanted.content_range(ref.size_bytes)
    if request.method == "HEAD":
        return Response(headers=headers, media_type=ref.media_type)
    pieces = store.stream(ref.key, start=start, length=length)
    first = await anext(pieces, b"")
    return StreamingResponse(
        _joined(first, pieces),
        status_code=206 if wanted else 200,
        headers=headers,
        media_type=ref.media_type,
    )


def serve_made(request: Request, content: bytes, *, media_type: str, filename: str) -> Response:
    """The answer to GET with what was made for it alone: 200, or 304 where the client has it."""
    etag = etag_of(sha256_of(content))
    headers = _headers(etag, filename)
    if not none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def _headers(etag: str, filename: str) -> dict[str, str]:
    return {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": content_disposition(filename),
        "X-Content-Type-Options": "nosniff",
    }


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
