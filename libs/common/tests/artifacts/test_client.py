"""Trouble on the way to the store: retried within bounds, then one error of ours."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from octavia_common.artifacts import S3ArtifactStore, S3Client, sha256_of
from octavia_common.artifacts.client import TRIES
from octavia_common.errors import ArtifactCorruptError, ArtifactMissingError, TransientError
from octavia_common.events import ArtifactRef
from octavia_common.settings import ServiceSettings

Answer = Callable[[BaseHTTPRequestHandler, int], None]
REF = ArtifactRef(key="users/u/a", sha256=sha256_of(b"hello"), size_bytes=5, media_type="text/plain")


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/xml") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class RoughServer:
    """An S3 server that behaves as a test says; `calls` counts the requests."""

    def __init__(self, answer: Answer) -> None:
        self.calls = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                outer.calls += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer(self, outer.calls)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def rough() -> Iterator[Callable[[Answer], tuple[RoughServer, S3ArtifactStore]]]:
    servers: list[RoughServer] = []

    def make(answer: Answer) -> tuple[RoughServer, S3ArtifactStore]:
        server = RoughServer(answer)
        servers.append(server)
        client = S3Client(server.address, "k", "s", "bucket", read_timeout_seconds=0.3)
        return server, S3ArtifactStore(client)

    yield make
    for server in servers:
        server.close()


Rough = Callable[[Answer], tuple[RoughServer, S3ArtifactStore]]


async def test_a_passing_failure_is_not_seen(rough: Rough) -> None:
    def answer(handler: BaseHTTPRequestHandler, call: int) -> None:
        if call < 3:
            reply(handler, 503, b"<Error><Code>SlowDown</Code></Error>")
        else:
            reply(handler, 206, b"hello", "text/plain")

    server, store = rough(answer)
    assert await store.read(REF) == b"hello"
    assert server.calls == 3


async def test_retries_end(rough: Rough) -> None:
    server, store = rough(
        lambda handler, _: reply(handler, 500, b"<Error><Code>InternalError</Code></Error>")
    )
    with pytest.raises(TransientError, match="try again later") as caught:
        await store.read(REF)
    assert server.calls == TRIES
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_connection_cut_in_the_middle_is_begun_again(rough: Rough) -> None:
    def answer(handler: BaseHTTPRequestHandler, call: int) -> None:
        handler.send_response(206)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"he" if call == 1 else b"hello")
        handler.close_connection = True

    server, store = rough(answer)
    assert await store.read(REF) == b"hello"
    assert server.calls == 2


async def test_a_server_that_says_nothing_is_left_after_a_time(rough: Rough) -> None:
    gate = threading.Event()
    server, store = rough(lambda _handler, _call: gate.wait(5) and None)  # type: ignore[func-returns-value]
    with pytest.raises(TransientError, match="cannot be reached"):
        await store.check()
    gate.set()
    assert server.calls == 1


async def test_what_is_missing_is_not_asked_for_again(rough: Rough) -> None:
    server, store = rough(lambda handler, _: reply(handler, 404, b"<Error><Code>NoSuchKey</Code></Error>"))
    with pytest.raises(ArtifactMissingError):
        await store.read(REF)
    assert server.calls == 1


async def test_wrong_bytes_are_corrupt(rough: Rough) -> None:
    _, store = rough(lambda handler, _: reply(handler, 206, b"hellO", "text/plain"))
    with pytest.raises(ArtifactCorruptError):
        await store.read(REF)


async def test_a_wrong_secret_says_what_to_check(rough: Rough) -> None:
    _, store = rough(
        lambda handler, _: reply(handler, 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
    )
    with pytest.raises(TransientError, match="S3_SECRET_KEY"):
        await store.read(REF)


async def test_something_that_is_no_s3_server(rough: Rough) -> None:
    _, store = rough(lambda handler, _: reply(handler, 418, b"<html>", "text/html"))
    with pytest.raises(TransientError, match="S3_ENDPOINT"):
        await store.read(REF)


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        settings = ServiceSettings(s3_endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}")
        store = S3ArtifactStore(S3Client.from_settings(settings))
        with pytest.raises(TransientError, match="cannot be reached"):
            await store.check()
        await store.close()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "ftp://host", "http://"])
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    with pytest.raises(ValueError, match="S3_ENDPOINT"):
        S3Client(endpoint, "k", "s", "bucket")
