"""The recorder passes everything on unchanged, and tells steps apart."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from octavia_benchmarks import traffic
from octavia_benchmarks.traffic import Recorder, Request, by_step


class Store(BaseHTTPRequestHandler):
    """Objects in memory; says which host it was asked as."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        found = self.objects.get(self.path)
        self._answer(404 if found is None else 200, b"missing" if found is None else found)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Asked-As", self.headers["Host"])
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def store() -> Iterator[str]:
    handler = type("Handler", (Store,), {"objects": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_passes_is_noted_and_unchanged(store: str) -> None:
    key = "/bucket/users/u/artifacts/plan/abc"
    with Recorder(store) as recorder, httpx.Client(base_url=recorder.address) as client:
        assert client.head(key).status_code == 404
        assert client.put(key, content=b"12345").status_code == 200
        answer = client.get(key)
        assert answer.content == b"12345"
        assert f"http://{answer.headers['X-Asked-As']}" == recorder.address
        assert client.head(key).headers["Content-Length"] == "5"
        client.get("/bucket")
        client.get("/bucket/users/u/uploads/f")
        seen = recorder.requests()
        recorder.clear()
        assert recorder.requests() == []
    assert seen == [
        Request("HEAD", "plan-1", 0),
        Request("PUT", "plan-1", 5),
        Request("GET", "plan-1", 5),
        Request("HEAD", "plan-1", 5),
        Request("GET", "upload-1", 0),
    ]


def test_recognition_begins_with_the_look_for_a_transcript(tmp_path: Path) -> None:
    split = [Request("HEAD", "plan-1", 0), Request("PUT", "chunk-1", 9), Request("GET", "plan-1", 4)]
    recognise = [Request("HEAD", "transcript-1", 0), Request("GET", "chunk-1", 9)]
    others = {
        name: [Request("GET", f"{name}-1", 2048)] for name in ("translator", "synthesizer", "assembler")
    }
    steps = by_step({"transcriber": [*split, *recognise], **others})
    assert tuple(steps) == traffic.STEPS
    assert (steps["split"], steps["recognise"]) == (split, recognise)
    assert traffic.summary(steps) == "2 HEAD, 5 GET (6 KiB read), 1 PUT (0 KiB written)"
    path = tmp_path / "traffic.json"
    traffic.write(path, steps)
    assert traffic.read(path) == steps
