"""A web server that strangers' files come from, in a thread of the test; it misbehaves on request."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

MIB = 1024 * 1024
Say = Callable[["Talk"], None]


class Talk:
    """One request, and the connection to answer on."""

    def __init__(self, connection: socket.socket, path: str, head: str, turn: int) -> None:
        self.connection = connection
        self.path = path
        self.head = head
        self.turn = turn

    def say(self, status: str, *headers: str, body: bytes = b"") -> None:
        """An answer with its length."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def begin(self, *headers: str) -> None:
        """The head of a good answer."""
        self.connection.sendall("\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode())

    def chunk(self, data: bytes) -> None:
        """A piece of a chunked body; the last one is empty."""
        self.connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


class Origin:
    """Answers by path."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.pages: dict[str, Say] = {}
        self.asked: Counter[str] = Counter()
        self.heads: dict[str, str] = {}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(60)
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head = data.decode("latin-1")
            path = head.split(" ")[1]
            self.asked[path] += 1
            self.heads[path] = head
            self.pages[path.partition("?")[0]](Talk(connection, path, head, self.asked[path]))

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def origin() -> Iterator[Origin]:
    server = Origin()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join(timeout=5)


def drip(talk: Talk) -> None:
    """Ten bytes a second, for as long as anybody listens."""
    talk.begin("Content-Length: 100000000")
    while True:
        talk.connection.sendall(b"0123456789")
        time.sleep(1)


def page(status: str, *headers: str, body: bytes = b"") -> Say:
    """The same answer every time."""
    return lambda talk: talk.say(status, *headers, body=body)
