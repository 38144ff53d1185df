"""A replica and the room it works in, as tests see them."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from minio import Minio
from octavia_local.servers import ObjectStore
from psycopg.rows import dict_row

PART_BYTES = 5 * 1024 * 1024


@dataclass
class Replica:
    """A running replica."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        """SIGKILL, as the kernel or a node that dies does it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def status(self, name: str) -> int:
        """A figure of /proc/PID/status in bytes, such as VmRSS."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))

    def written_bytes(self) -> int:
        """What the process and its children caused to be written to a disk."""
        lines = Path(f"/proc/{self.process.pid}/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


@dataclass
class Room:
    """The servers' rooms that all replicas of this run share."""

    database_url: str
    bucket: str
    s3: ObjectStore
    directory: Path

    def environment(self, **settings: Any) -> dict[str, str]:
        scratch = self.directory / uuid.uuid4().hex
        scratch.mkdir()
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "S3_ENDPOINT": self.s3.address,
            "S3_ACCESS_KEY": self.s3.access_key,
            "S3_SECRET_KEY": self.s3.secret_key,
            "S3_BUCKET": self.bucket,
            "UPLOAD_PART_BYTES": str(PART_BYTES),
            "JWT_SECRET": "a secret of thirty-two characters",
            "RATE_LIMIT_REQUESTS": "1000000/minute",
            "TMPDIR": str(scratch),
            "SCRATCH_DIR": str(scratch),
            **{name.upper(): str(value) for name, value in settings.items()},
        }

    def client(self) -> Minio:
        return self.s3.client()

    def keys(self, user_id: uuid.UUID) -> list[str]:
        """Everything that lies in the store for a user."""
        found = self.client().list_objects(self.bucket, f"users/{user_id}/", recursive=True)
        return [str(each.object_name) for each in found]

    def unfinished(self, user_id: uuid.UUID) -> list[str]:
        """Multipart uploads of a user that nobody completed or aborted."""
        found = self.client()._list_multipart_uploads(self.bucket, prefix=f"users/{user_id}/")
        return [upload.object_name for upload in found.uploads]

    def read(self, key: str) -> bytes:
        response = self.client().get_object(self.bucket, key)
        try:
            return bytes(response.read())
        finally:
            response.close()

    def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows as the service sees them."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            connection.execute("SET search_path = gateway")
            cursor = connection.execute(query, arguments)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def locked(self, query: str, *arguments: Any) -> Iterator[Callable[[], bool]]:
        """Holds the locks that `query` takes; gives what tells whether somebody waits for them."""
        with psycopg.connect(self.database_url) as holder:
            holder.execute("SET search_path = gateway")
            holder.execute(query, arguments)
            pid = holder.info.backend_pid
            yield lambda: bool(
                self.rows("SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", pid)
            )


def client_for(replica: Replica, user_id: uuid.UUID) -> httpx.Client:
    return httpx.Client(base_url=replica.url, headers={"Authorization": f"Bearer {user_id}"}, timeout=60)


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for something that another process does; fails where it does not."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)
