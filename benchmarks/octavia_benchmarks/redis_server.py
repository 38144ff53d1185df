"""Redis for the baseline, as a process of this machine."""

import contextlib
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from octavia_local.errors import LocalError
from octavia_local.ports import LOOPBACK
from octavia_local.servers.base import LocalServer


class RedisServer(LocalServer):
    """Redis on the loopback with an append-only file, so that a queue outlives its server as Kafka's do."""

    name: ClassVar[str] = "Redis"

    def __init__(self, directory: Path, port: int) -> None:
        super().__init__(directory, port, setting="REDIS_PORT")

    @property
    def address(self) -> str:
        """URL for Celery."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        """Raises LocalError where it is not installed."""
        if shutil.which("redis-server") is None:
            raise LocalError("redis-server is missing: run `make bench`, which installs it.")

    def command(self) -> Sequence[str]:
        listen = ["--bind", LOOPBACK, "--port", str(self.port)]
        return ["redis-server", *listen, "--dir", str(self.directory), "--appendonly", "yes", "--save", ""]

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False
