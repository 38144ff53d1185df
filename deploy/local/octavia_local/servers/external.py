"""Servers that somebody else runs, given by their addresses in the environment."""

import os
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from minio import Minio

from octavia_local.errors import LocalError
from octavia_local.ports import answers
from octavia_local.servers.s3 import client_of


class ExternalServer:
    """A server that is used as it is: checked at the start, never stopped or restarted."""

    name: ClassVar[str] = "external server"
    setting: ClassVar[str]
    default_port: ClassVar[int]

    def __init__(self, address: str) -> None:
        self._address = address

    @property
    def address(self) -> str:
        return self._address

    def _hosts(self) -> list[tuple[str, int]]:
        parts = urlsplit(self._address if "://" in self._address else f"//{self._address}")
        return [(parts.hostname or "", parts.port or self.default_port)]

    def start(self) -> None:
        """Check that something listens at the address.

        Raises:
            LocalError: nothing does.
        """
        if not any(answers(host, port, timeout=5.0) for host, port in self._hosts()):
            places = ", ".join(f"{host}:{port}" for host, port in self._hosts())
            raise LocalError(
                f"{self.name} does not answer at {places}: "
                f"mend {self.setting}, or unset it to have one started."
            )

    def stop(self) -> None:
        """Left alone: it is not ours."""

    def kill(self) -> None:
        raise LocalError(f"{self.name} at {self.setting} is not ours to kill.")

    def restart(self) -> None:
        raise LocalError(f"{self.name} at {self.setting} is not ours to restart.")


class ExternalKafka(ExternalServer):
    """Brokers at KAFKA_BOOTSTRAP_SERVERS (`host:port`, comma between several)."""

    name: ClassVar[str] = "Kafka"
    setting: ClassVar[str] = "KAFKA_BOOTSTRAP_SERVERS"
    default_port: ClassVar[int] = 9092

    def _hosts(self) -> list[tuple[str, int]]:
        parts = [urlsplit(f"//{each.strip()}") for each in self._address.split(",")]
        return [(part.hostname or "", part.port or self.default_port) for part in parts]


class ExternalPostgres(ExternalServer):
    """PostgreSQL at DATABASE_URL."""

    name: ClassVar[str] = "PostgreSQL"
    setting: ClassVar[str] = "DATABASE_URL"
    default_port: ClassVar[int] = 5432


class ExternalS3(ExternalServer):
    """An object store at S3_ENDPOINT, with S3_ACCESS_KEY and S3_SECRET_KEY."""

    name: ClassVar[str] = "S3"
    setting: ClassVar[str] = "S3_ENDPOINT"
    default_port: ClassVar[int] = 80

    def __init__(self, address: str, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(address)
        values = os.environ if environment is None else environment
        try:
            self.access_key = values["S3_ACCESS_KEY"]
            self.secret_key = values["S3_SECRET_KEY"]
        except KeyError as missing:
            raise LocalError(f"S3_ENDPOINT is set and {missing.args[0]} is not: set it too.") from None

    def _hosts(self) -> list[tuple[str, int]]:
        parts = urlsplit(self._address)
        return [(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))]

    def client(self) -> Minio:
        return client_of(self.address, self.access_key, self.secret_key)
