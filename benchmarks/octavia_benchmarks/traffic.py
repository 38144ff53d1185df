"""What a job asks of the object store, found by listening in between: so the baseline can ask the same."""

import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from octavia_local.ports import LOOPBACK

STEPS = ("split", "recognise", "translate", "synthesize", "assemble")
"""The five steps of a job, in their order."""

_SERVICE_OF = {"translate": "translator", "synthesize": "synthesizer", "assemble": "assembler"}
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_SECONDS = 60


@dataclass(frozen=True)
class Request:
    """One request: `name` tells a job's objects apart; `size` is in bytes, 0 where there is no object."""

    method: str
    name: str
    size: int


class Recorder:
    """An HTTP server before the object store that notes what passes. Use it as a context manager.

    The signature covers the Host header, which is handed on as it came, so the store sees nothing odd.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._seen: list[tuple[str, str, int]] = []
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="recorder")

    @property
    def address(self) -> str:
        """URL for S3_ENDPOINT."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def clear(self) -> None:
        """Forget what was seen."""
        self._seen.clear()

    def requests(self) -> list[Request]:
        """What was asked about objects, in order."""
        names: dict[str, str] = {}
        counts: dict[str, int] = {}
        found = []
        for method, key, size in self._seen:
            if key not in names:
                stage = "upload" if "/uploads/" in key else key.split("/")[-2]
                counts[stage] = counts.get(stage, 0) + 1
                names[key] = f"{stage}-{counts[stage]}"
            found.append(Request(method, names[key], size))
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream, seen = self._upstream, self._seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = http.client.HTTPConnection(
                    upstream.hostname or "", upstream.port, timeout=_SECONDS
                )
                try:
                    connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        connection.putheader(name, value)
                    connection.endheaders(body or None)
                    answer = connection.getresponse()
                    data = answer.read()
                finally:
                    connection.close()
                stated = int(answer.headers.get("Content-Length", len(data)))
                self._note(answer.status, len(body) if self.command == "PUT" else stated)
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(stated if self.command == "HEAD" else len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _note(self, status: int, size: int) -> None:
                _, _, key = urlsplit(self.path).path.lstrip("/").partition("/")
                if key:
                    seen.append((self.command, key, size if status < 300 else 0))

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        return Handler


def by_step(recorded: Mapping[str, Sequence[Request]]) -> dict[str, list[Request]]:
    """The requests of each step, from those of each service.

    The transcriber takes two steps: recognition begins where it first looks for a transcript.
    """
    transcriber = list(recorded["transcriber"])
    names = [request.name.rpartition("-")[0] for request in transcriber]
    first = names.index("transcript")
    steps = {"split": transcriber[:first], "recognise": transcriber[first:]}
    steps.update({step: list(recorded[service]) for step, service in _SERVICE_OF.items()})
    return steps


def summary(steps: Mapping[str, Sequence[Request]]) -> str:
    """In words: how many requests of which kind, and how many bytes."""
    every = [request for requests in steps.values() for request in requests]
    parts = []
    for method, verb in (("HEAD", ""), ("GET", " read"), ("PUT", " written")):
        sizes = [request.size for request in every if request.method == method]
        parts.append(f"{len(sizes)} {method}" + (f" ({sum(sizes) / 1024:.0f} KiB{verb})" if verb else ""))
    return ", ".join(parts)


def write(path: Path, steps: Mapping[str, Sequence[Request]]) -> None:
    """Keep the steps for the processes of the baseline."""
    path.write_text(json.dumps({step: [asdict(one) for one in requests] for step, requests in steps.items()}))


def read(path: Path) -> dict[str, list[Request]]:
    """What `write` wrote."""
    kept = json.loads(path.read_text())
    return {step: [Request(**one) for one in requests] for step, requests in kept.items()}
