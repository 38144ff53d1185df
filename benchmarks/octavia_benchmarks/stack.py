"""The whole platform for one benchmark: servers of its own in a temporary directory, services upon them."""

import contextlib
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from octavia_local.platform import Platform
from octavia_local.ports import free_port
from octavia_local.servers import KafkaServer, PostgresServer, S3Server, start_together
from octavia_local.servers.postgres import remove_data_outside

NO_ENGINES = {
    "TRANSCRIBER_SPLITTER": "timed",
    "TRANSCRIBER_ENGINE": "timed",
    "TRANSLATOR_ENGINE": "timed",
    "SYNTHESIZER_ENGINE": "timed",
    "ASSEMBLER_RENDERER": "timed",
}
"""Stages that do everything but their work, so that what remains is the platform."""

_COMMON = {
    "KAFKA_MOST_PARTITIONS": "8",  # what `make run` makes on one machine: as many as the most workers here
    "WELCOME_CREDITS": "1000000",
    "RATE_LIMIT_REQUESTS": "1000000/minute",
    "RATE_LIMIT_LOGINS": "1000000/minute",
}


@dataclass(frozen=True)
class Servers:
    """Kafka, PostgreSQL and the S3 server of one benchmark, and where their files lie."""

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


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Fresh servers, gone with all they kept when the block is left.

    Raises:
        LocalError: one does not start.
    """
    with tempfile.TemporaryDirectory(prefix="octavia-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL runs as another user than root
        found = Servers(
            directory,
            KafkaServer(directory / "kafka", free_port(), free_port()),
            PostgresServer(directory / "postgres", free_port()),
            S3Server(directory / "s3", free_port()),
        )
        each = (found.kafka, found.postgres, found.s3)
        try:
            start_together(each)
            yield found
        finally:
            for server in each:
                server.stop()
            remove_data_outside(directory / "postgres")


def make_platform(
    on: Servers,
    settings: Mapping[str, str],
    *,
    workers: Mapping[str, int] | None = None,
    of_service: Mapping[str, Mapping[str, str]] | None = None,
) -> Platform:
    """All seven services with `settings`, to be entered; `workers` as in Platform, `of_service` for one."""
    environment = {**on.environment(), **_COMMON, "JWT_SECRET": secrets.token_hex(32), **settings}
    return Platform(on.directory / "logs", environment, workers=workers, settings=of_service)
