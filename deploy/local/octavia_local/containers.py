"""The same three servers as containers, where a Docker engine answers.

For tests only: with OCTAVIA_TEST_CONTAINERS=1, or without that setting wherever an engine answers;
OCTAVIA_TEST_CONTAINERS=0 keeps to local processes. `kill` is Docker's kill (SIGKILL); container, data and
port stay, and `start` starts the same container again.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

import docker
from minio import Minio
from testcontainers.core.container import DockerContainer

from octavia_local.errors import LocalError
from octavia_local.ports import LOOPBACK, free_port, http_status
from octavia_local.servers.kafka import answers_kafka
from octavia_local.servers.postgres import answers_postgres
from octavia_local.servers.s3 import client_of

SETTING = "OCTAVIA_TEST_CONTAINERS"

_KAFKA_IMAGE = "apache/kafka:4.1.0"
_POSTGRES_IMAGE = "postgres:15"
_S3_IMAGE = "andrewgaul/s3proxy:s3proxy-2.6.0"
_START_SECONDS = 120.0


def wanted(environment: Mapping[str, str] | None = None) -> bool:
    """Whether tests should take containers: told so, or a Docker engine answers and nothing forbids it.

    Raises:
        LocalError: told so, and no engine answers.
    """
    setting = (os.environ if environment is None else environment).get(SETTING, "")
    if setting == "0":
        return False
    answers = engine_answers()
    if setting == "1" and not answers:
        raise LocalError(f"{SETTING}=1 and no Docker engine answers: start it, or unset {SETTING}.")
    return answers


def engine_answers() -> bool:
    """Whether a Docker engine can be reached from here."""
    try:
        client = docker.from_env(timeout=5)
    except docker.errors.DockerException:
        return False
    try:
        return bool(client.ping())
    except docker.errors.DockerException:
        return False
    finally:
        client.close()


class ContainerServer:
    """One server as a container, published on a fixed port of the loopback."""

    name: ClassVar[str]

    def __init__(self, container: DockerContainer, port: int, is_ready: Callable[[], bool]) -> None:
        self._container = container
        self._is_ready = is_ready
        self._created = False
        self.port = port

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start the container and wait until the server answers.

        Raises:
            LocalError: it does not; with the end of its log.
        """
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                tail = self._container.get_wrapped_container().logs(tail=15).decode("utf-8", "replace")
                raise LocalError(f"{self.name} did not answer within {_START_SECONDS:.0f} s\n{tail}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._created:
            self._container.get_wrapped_container().stop(timeout=20)

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        """Take the container and its data away."""
        if self._created:
            self._container.stop(force=True, delete_volume=True)
            self._created = False


class KafkaContainer(ContainerServer):
    """Apache Kafka's own image, one node."""

    name: ClassVar[str] = "Kafka"

    def __init__(self) -> None:
        port = free_port()
        settings = {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_LISTENERS": "BROKER://:9092,CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"BROKER://{LOOPBACK}:{port}",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        }
        container = DockerContainer(_KAFKA_IMAGE).with_bind_ports(9092, port)
        for key, value in settings.items():
            container = container.with_env(key, value)
        super().__init__(container, port, lambda: answers_kafka(LOOPBACK, port))


class PostgresContainer(ContainerServer):
    """PostgreSQL's own image."""

    name: ClassVar[str] = "PostgreSQL"

    def __init__(self) -> None:
        port = free_port()
        container = DockerContainer(_POSTGRES_IMAGE).with_bind_ports(5432, port)
        for key in ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"):
            container = container.with_env(key, "octavia")
        container = container.with_command("postgres -c max_connections=300")
        super().__init__(container, port, lambda: answers_postgres(self.address))

    @property
    def address(self) -> str:
        return f"postgresql://octavia:octavia@{LOOPBACK}:{self.port}/octavia"


class S3Container(ContainerServer):
    """S3Proxy's own image."""

    name: ClassVar[str] = "S3"
    access_key = "octavia"
    secret_key = "octavia-secret"  # noqa: S105 (of a container that lives for one test run)

    def __init__(self) -> None:
        port = free_port()
        settings = {
            "S3PROXY_ENDPOINT": "http://0.0.0.0:80",
            "S3PROXY_AUTHORIZATION": "aws-v2-or-v4",
            "S3PROXY_IDENTITY": self.access_key,
            "S3PROXY_CREDENTIAL": self.secret_key,
            "JCLOUDS_PROVIDER": "filesystem-nio2",
        }
        container = DockerContainer(_S3_IMAGE).with_bind_ports(80, port)
        for key, value in settings.items():
            container = container.with_env(key, value)
        super().__init__(container, port, lambda: http_status(port, "/") is not None)

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def client(self) -> Minio:
        return client_of(self.address, self.access_key, self.secret_key)
