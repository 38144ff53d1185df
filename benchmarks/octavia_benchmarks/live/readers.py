"""A process that holds thousands of event streams open and notes when what came over them.

It shares the machine with the server it measures, so it does as little as it can: one epoll loop, one read
and one entry in a list for each arrival; what the bytes mean is looked at afterwards. Told by JSON lines on
its standard input, it answers each with one on its standard output.
"""

import gc
import json
import os
import re
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any

AT_ONCE = 64
"""Connections that are being opened at a time."""

READ_BYTES = 16 * 1024


class BrokenStreamError(Exception):
    """A stream could not be opened, or was closed by the server."""


class Readers:
    """Open streams, by file descriptor."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._reading: set[int] = set()
        self._arrived: list[tuple[float, int, bytes]] = []
        self._turns: list[float] = []
        self._closed = 0
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)

    def run(self) -> None:
        """Obey until told to stop, or until nobody is there to tell."""
        stdin, sockets, reading = sys.stdin.fileno(), self._sockets, self._reading
        while True:
            ready = self._poll.poll()
            began = time.perf_counter()
            if any(fd == stdin for fd, _ in ready):
                line = sys.stdin.buffer.readline()
                if not line:
                    return
                print(json.dumps(self._obey(json.loads(line))), flush=True)
                continue
            for fd, _ in ready:
                try:
                    data = os.read(fd, READ_BYTES)
                except OSError:
                    data = b""
                if data:
                    self._arrived.append((time.perf_counter(), fd, data))
                else:
                    self._closed += 1
                    self._poll.unregister(fd)
                    reading.discard(fd)
                    sockets.pop(fd).close()
            self._turns.append(time.perf_counter() - began)

    def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order.pop("do"):
            case "open":
                return self._open(**order)
            case "record":
                self._arrived.clear()
                self._turns.clear()
                self._closed = 0
                return {}
            case "count":
                return {"arrived": len(self._arrived)}
            case "report":
                return self._report(**order)
            case "close":
                return self._close()
            case other:
                raise ValueError(f"no such order: {other}")

    def _open(self, port: int, requests: str, stall: bool) -> dict[str, Any]:
        """Open one stream for each request in the file. With `stall`, their sockets are never read again."""
        waiting = json.loads(Path(requests).read_text())
        waiting.reverse()
        opening = select.epoll()
        heads: dict[int, bytes] = {}
        opened = 0
        while waiting or heads:
            while waiting and len(heads) < AT_ONCE:
                connection = socket.socket()
                if stall:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect(("127.0.0.1", port))
                connection.sendall(waiting.pop().encode())
                connection.setblocking(False)
                # Closing sends a reset: no port is held by a connection that is no more.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self._sockets[connection.fileno()] = connection
                heads[connection.fileno()] = b""
                opening.register(connection.fileno(), select.EPOLLIN)
            for fd, _ in opening.poll(30):
                data = os.read(fd, READ_BYTES)
                heads[fd] += data
                head, _, body = heads[fd].partition(b"\r\n\r\n")
                if not data or not head.startswith(b"HTTP/1.1 200"):
                    raise BrokenStreamError(heads[fd].decode(errors="replace"))
                if b"\n\n" in body:
                    del heads[fd]
                    opening.unregister(fd)
                    opened += 1
                    if not stall:
                        self._poll.register(fd, select.EPOLLIN)
                        self._reading.add(fd)
        opening.close()
        gc.collect()
        gc.freeze()
        return {"opened": opened}

    def _report(self, to: str, pattern: str) -> dict[str, Any]:
        """Write a JSON list of what arrived: for each match of `pattern` in whole events the time, in seconds
        of the monotonic clock, and the groups."""
        events = re.compile(pattern.encode())
        began: dict[int, bytes] = {}
        found: list[tuple[object, ...]] = []
        for at, fd, data in self._arrived:
            whole, _, rest = (began.pop(fd, b"") + data).rpartition(b"\n\n")
            if rest.strip():
                began[fd] = rest
            found += [(at, *(group.decode() for group in match.groups())) for match in events.finditer(whole)]
        Path(to).write_text(json.dumps(found))
        turns = sorted(self._turns) or [0.0]
        return {
            "closed": self._closed,
            "longest_turn_ms": turns[-1] * 1000,
            "turn_p99_ms": turns[int(0.99 * (len(turns) - 1))] * 1000,
        }

    def _close(self) -> dict[str, Any]:
        for connection in self._sockets.values():
            connection.close()
        self._sockets.clear()
        self._reading.clear()
        self._arrived.clear()
        gc.collect()
        return {}


if __name__ == "__main__":
    gc.disable()
    Readers().run()
