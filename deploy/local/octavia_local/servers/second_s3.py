"""A second S3 server, so that storage code is not tested against one server's habits: moto, from PyPI.

For tests only: it keeps objects in memory, so `kill` and `restart` lose them, and it accepts any key.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from minio import Minio

from octavia_local.ports import LOOPBACK, http_status
from octavia_local.servers.base import LocalServer
from octavia_local.servers.s3 import client_of


class SecondS3Server(LocalServer):
    """moto's S3 on the loopback."""

    name: ClassVar[str] = "second S3"

    def __init__(self, directory: Path, port: int, *, setting: str = "SECOND_S3_PORT") -> None:
        super().__init__(directory, port, setting=setting)
        self.access_key = "octavia"
        self.secret_key = "octavia-secret"  # noqa: S105 (moto checks no signature; clients want some value)

    @property
    def address(self) -> str:
        """URL for S3_ENDPOINT."""
        return f"http://{LOOPBACK}:{self.port}"

    def client(self) -> Minio:
        return client_of(self.address, self.access_key, self.secret_key)

    def prepare(self) -> None:
        """Nothing to make: it keeps everything in memory."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]

    def is_ready(self) -> bool:
        return http_status(self.port, "/moto-api/") is not None
