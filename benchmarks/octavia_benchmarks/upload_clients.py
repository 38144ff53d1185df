"""Clients that upload, as plain as they can be: each sends from memory over one connection."""

import http.client
import json
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from minio.datatypes import Part
from octavia_common.artifacts.client import S3Client

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
"""UPLOAD_PART_BYTES by default; the direct client cuts its file alike."""

_TUS = {"Tus-Resumable": "1.0.0"}


class UploadFailedError(Exception):
    """A server did not do what it should, so there is no figure."""


@dataclass(frozen=True)
class Source:
    """A file of `length` bytes: a short video, then a box full of `filling` that players pass over."""

    video: bytes
    length: int
    filling: memoryview

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """The bytes from `start` to `end`, made as they are asked for."""
        # `free`, with its length in 64 bits (ISO/IEC 14496-12, 4.2).
        box = struct.pack(">I4sQ", 1, b"free", self.length - len(self.video))
        head = memoryview(self.video + box)
        if start < len(head):
            yield head[start : min(end, len(head))]
            start = min(end, len(head))
        while start < end:
            at = (start - len(head)) % len(self.filling)
            piece = self.filling[at : at + end - start]
            yield piece
            start += len(piece)


class Connection:
    """One HTTP connection that is used again and again."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        address = urlsplit(url)
        self._headers = dict(headers or {})
        self._http = http.client.HTTPConnection(address.hostname or "", address.port, timeout=300)

    def request(
        self,
        method: str,
        target: str,
        body: Iterator[memoryview] | bytes = b"",
        *,
        length: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """Sends, reads the answer. Raises UploadFailedError for anything but a success."""
        self._http.putrequest(method, target, skip_accept_encoding=True)
        sending = [body] if isinstance(body, bytes) else body
        every = {**self._headers, **(headers or {})}
        every["Content-Length"] = str(len(body) if isinstance(body, bytes) else length)
        for name, value in every.items():
            self._http.putheader(name, value)
        self._http.endheaders()
        for piece in sending:
            self._http.send(piece)
        response = self._http.getresponse()
        self.content = response.read()
        if response.status >= 300:
            raise UploadFailedError(f"{method} {target}: {response.status} {self.content[:500]!r}")
        return response

    def json(self, method: str, target: str, document: Any = None) -> Any:
        """A JSON document for another."""
        body = b"" if document is None else json.dumps(document).encode()
        self.request(method, target, body, headers={"Content-Type": "application/json"})
        return json.loads(self.content)

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()


def ranges(length: int, part: int = PART_BYTES) -> list[tuple[int, int]]:
    """Start and end of each part."""
    return [(start, min(length, start + part)) for start in range(0, length, part)]


def put_parts(
    connection: Connection, urls: Sequence[str], source: Source, parts: Sequence[tuple[int, int]]
) -> list[str]:
    """PUTs parts to signed addresses; their etags."""
    etags = []
    for url, (start, end) in zip(urls, parts, strict=True):
        address = urlsplit(url)
        answer = connection.request(
            "PUT", f"{address.path}?{address.query}", source.pieces(start, end), length=end - start
        )
        etags.append((answer.getheader("ETag") or "").strip('"'))
    return etags


def upload_directly(s3: S3Client, connection: Connection, key: str, source: Source) -> float:
    """A multipart upload with the store's own key; seconds until the object is whole."""
    began = time.perf_counter()
    upload = s3.create_multipart(key, "application/octet-stream", None)
    parts = ranges(source.length)
    etags: list[str] = []
    for number, part in enumerate(parts, 1):
        url = s3.part_address(
            key, upload, number, size_bytes=part[1] - part[0], expires=timedelta(hours=1), public=False
        )
        etags += put_parts(connection, [url], source, [part])
    found = [Part(number, etag) for number, etag in enumerate(etags, 1)]
    s3.complete_multipart(key, upload, [(part.part_number, part.etag) for part in found])
    return time.perf_counter() - began


def upload_through(connection: Connection, source: Source) -> tuple[float, str]:
    """tus through the gateway; seconds until it has answered with the file, hashed and probed, and its id."""
    began = time.perf_counter()
    created = connection.request(
        "POST", "/api/v1/uploads", headers={**_TUS, "Upload-Length": str(source.length)}
    )
    answer = connection.request(
        "PATCH",
        created.getheader("Location") or "",
        source.pieces(0, source.length),
        length=source.length,
        headers={**_TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    )
    return time.perf_counter() - began, answer.getheader("Upload-File-Id") or ""


def upload_by_addresses(gateway: Connection, store: Connection, source: Source) -> tuple[float, float, str]:
    """Signed parts: seconds until the object is whole and taken, until it is a file, and the file's id."""
    began = time.perf_counter()
    upload = gateway.json("POST", "/api/v1/direct-uploads", {"filename": "talk.mp4", "length": source.length})
    path = f"/api/v1/direct-uploads/{upload['upload_id']}"
    parts = ranges(source.length, upload["part_size"])
    for first in range(0, len(parts), 100):
        some = parts[first : first + 100]
        numbers = list(range(first + 1, first + 1 + len(some)))
        signed = gateway.json("POST", f"{path}/parts", {"numbers": numbers})["parts"]
        put_parts(store, [part["url"] for part in signed], source, some)
    gateway.json("POST", f"{path}/complete")
    taken = time.perf_counter() - began
    while (status := gateway.json("GET", path))["state"] == "finishing":
        time.sleep(0.02)
    if status["state"] != "finished":
        raise UploadFailedError(str(status["problem"]))
    return taken, time.perf_counter() - began, str(status["file_id"])
