"""A server that speaks S3 and keeps nothing: what a benchmark writes to where no disk is large enough.

It takes multipart uploads whose content is a short head and then zeros, looks at every byte to see that
it is so, and forgets it; reading such an object gives the head and zeros again. One process, one
event loop: `python -m octavia_benchmarks.s3_sink PORT`. It checks no signature.
"""

import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from octavia_local.errors import LocalError
from octavia_local.ports import LOOPBACK, free_port, http_status

HEAD_BYTES = 1024 * 1024
"""What is kept of an object's beginning; behind it there must be zeros."""

_ZEROS = memoryview(bytes(1024 * 1024))
_XML = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass
class Part:
    """A part that came, or is coming; at most `keeps` bytes of its beginning are kept."""

    keeps: int = 0
    size: int = 0
    head: bytearray = field(default_factory=bytearray)
    spoilt: bool = False

    def add(self, data: memoryview) -> None:
        """Its next bytes."""
        kept = max(0, min(len(data), self.keeps - len(self.head)))
        self.head += data[:kept]
        for start in range(kept, len(data), len(_ZEROS)):
            rest = data[start : start + len(_ZEROS)]
            self.spoilt = self.spoilt or rest != _ZEROS[: len(rest)]
        self.size += len(data)


@dataclass
class Sink:
    """The objects: by key their size and head, and unfinished uploads."""

    objects: dict[str, Part] = field(default_factory=dict)
    uploads: dict[str, dict[int, Part]] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def begin(self) -> str:
        """A new multipart upload."""
        name = f"upload-{next(self.numbers)}"
        self.uploads[name] = {}
        return name

    def complete(self, key: str, upload: str) -> bool:
        """Puts the parts together; False where they are not a head and zeros."""
        parts = [part for _, part in sorted(self.uploads.pop(upload, {}).items())]
        if not parts or any(part.spoilt for part in parts):
            return False
        self.objects[key] = Part(size=sum(part.size for part in parts), head=parts[0].head)
        return True


class Connection(asyncio.Protocol):
    """HTTP/1.1, one request after another."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._head = bytearray()
        self._left = 0
        self._body = Part()
        self._answer: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._answer is None:
                end = self._take_head(view)
                if end is None:
                    return
                view = view[end:]
            taken = view[: self._left]
            self._body.add(taken)
            self._left -= len(taken)
            view = view[len(taken) :]
            self._maybe_answer()

    def _take_head(self, view: memoryview) -> int | None:
        before = len(self._head)
        self._head += view
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = self._head[:end].decode("latin-1").split("\r\n")
        self._head.clear()
        method, target, _ = lines[0].split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        self._left = int(headers.get("content-length", "0"))
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        self._body = Part(HEAD_BYTES if query.get("partNumber", "1") == "1" else 0)
        _, _, key = unquote(url.path).lstrip("/").partition("/")
        self._answer = lambda: self._respond(method, key, query, headers)
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._maybe_answer()
        return end + 4 - before

    def _maybe_answer(self) -> None:
        if self._left == 0 and self._answer is not None:
            answer, self._answer = self._answer, None
            answer()

    def _respond(self, method: str, key: str, query: dict[str, str], headers: dict[str, str]) -> None:
        sink, upload = self._sink, query.get("uploadId", "")
        match method:
            case "POST" if "uploads" in query:
                self._say(200, _tag("InitiateMultipartUploadResult", _tag("UploadId", sink.begin())))
            case "PUT" if upload:
                sink.uploads.setdefault(upload, {})[int(query["partNumber"])] = self._body
                self._say(200, etag="part")
            case "POST" if upload:
                self._say(
                    200 if sink.complete(key, upload) else 400, _tag("CompleteMultipartUploadResult", "")
                )
            case "POST":
                self._say(200, _tag("DeleteResult", ""))
            case "GET" if "uploads" in query:
                self._say(200, _tag("ListMultipartUploadsResult", _tag("IsTruncated", "false")))
            case "GET" if not key:
                self._say(
                    200, _tag("ListBucketResult", _tag("Name", "bucket") + _tag("IsTruncated", "false"))
                )
            case "PUT" if key:
                sink.objects[key] = self._body
                self._say(200, etag="whole")
            case "GET" | "HEAD" if key in sink.objects:
                self._read(sink.objects[key], headers.get("range", ""), head=method == "HEAD")
            case "GET" | "HEAD" if key:
                self._say(404, "" if method == "HEAD" else _tag("Error", _tag("Code", "NoSuchKey")))
            case "DELETE":
                sink.uploads.pop(upload, None)
                sink.objects.pop("" if upload else key, None)
                self._say(204)
            case _:
                self._say(200)

    def _read(self, found: Part, wanted: str, *, head: bool) -> None:
        start, end = 0, found.size - 1
        if wanted.startswith("bytes="):
            first, _, last = wanted[6:].partition("-")
            start, end = int(first), min(int(last or end), end)
        length = max(0, end - start + 1)
        lines = [f"HTTP/1.1 {206 if wanted else 200} OK", f"Content-Length: {length}", 'ETag: "whole"']
        lines += ["Last-Modified: Sat, 21 Nov 2026 00:00:00 GMT", "Content-Type: application/octet-stream"]
        if wanted:
            lines.append(f"Content-Range: bytes {start}-{end}/{found.size}")
        self._transport.write("\r\n".join([*lines, "", ""]).encode())
        if not head:
            self._transport.write(bytes(found.head[start : start + length]).ljust(length, b"\0"))

    def _say(self, status: int, body: str = "", *, etag: str = "") -> None:
        content = f"{_XML}{body}".encode() if body else b""
        lines = [f"HTTP/1.1 {status} OK", f"Content-Length: {len(content)}", "Content-Type: application/xml"]
        lines += [f'ETag: "{etag}"'] if etag else []
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + content)


def _tag(name: str, body: str) -> str:
    space = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' if "Result" in name else ""
    return f"<{name}{space}>{body}</{name}>"


@contextlib.contextmanager
def sink() -> Iterator[str]:
    """A sink as a process of its own; gives its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "octavia_benchmarks.s3_sink", str(port)])
    try:
        while http_status(port, "/") is None:
            if process.poll() is not None:
                raise LocalError(f"The sink ended with status {process.returncode}.")
            time.sleep(0.05)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.kill()
        process.wait()


async def serve(port: int) -> None:
    """Serves until the process is ended."""
    kept = Sink()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(kept), LOOPBACK, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
