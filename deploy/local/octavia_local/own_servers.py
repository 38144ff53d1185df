"""The three servers of one platform in a directory of their own: for whoever measures them or breaks them."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from octavia_local.ports import free_port
from octavia_local.servers import KafkaServer, LocalServer, PostgresServer, S3Server, start_together
from octavia_local.servers.postgres import remove_data_outside


@dataclass(frozen=True)
class OwnServers:
    """Kafka, PostgreSQL and the S3 server, and where their files lie."""

    directory: Path
    kafka: KafkaServer
    postgres: PostgresServer
    s3: S3Server

    def environment(self) -> dict[str, str]:
        """Where they are, for the services."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "DATABASE_URL": self.postgres.address,
            "S3_ENDPOINT": self.s3.address,
            "S3_ACCESS_KEY": self.s3.access_key,
            "S3_SECRET_KEY": self.s3.secret_key,
        }

    def each(self) -> tuple[LocalServer, ...]:
        """All three."""
        return (self.kafka, self.postgres, self.s3)

    def named(self, name: str) -> LocalServer:
        """`kafka`, `postgres` or `s3`. Raises KeyError for another."""
        return {"kafka": self.kafka, "postgres": self.postgres, "s3": self.s3}[name]


@contextlib.contextmanager
def own_servers(purpose: str, *, quick: bool = False) -> Iterator[OwnServers]:
    """Fresh servers on free ports, gone with all they kept when the block is left.

    `purpose` is a word for the name of their directory; `quick` as in KafkaServer.

    Raises:
        LocalError: one does not start.
    """
    with tempfile.TemporaryDirectory(prefix=f"octavia-{purpose}-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL runs as another user than root
        made = OwnServers(
            directory,
            KafkaServer(directory / "kafka", free_port(), free_port(), quick=quick),
            PostgresServer(directory / "postgres", free_port()),
            S3Server(directory / "s3", free_port()),
        )
        try:
            start_together(made.each())
            yield made
        finally:
            for server in made.each():
                server.stop()
            remove_data_outside(directory / "postgres")
