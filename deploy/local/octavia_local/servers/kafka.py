"""Apache Kafka: one node that is broker and controller (KRaft)."""

import contextlib
import socket
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from octavia_local.errors import LocalError
from octavia_local.layout import java, packaged
from octavia_local.ports import LOOPBACK
from octavia_local.servers.base import LocalServer

# Replication of one, because there is one node; few partitions of the internal topics and no wait before the
# first rebalance, so that it starts and serves at once; short sessions allowed, because tests kill consumers.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
delete.topic.enable=true
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# After kill -9 a new start is let in once the old session has run out.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
message.max.bytes=1048588
"""


_API_VERSIONS = 18
_FIND_COORDINATOR = 10
_ANSWER_SECONDS = 5.0


class KafkaServer(LocalServer):
    """Kafka on the loopback. Topics are never made by a client's mere use of them.

    Args:
        directory: data, configuration and log.
        port: for clients.
        controller_port: for the node's own use.
        quick: compile less and start in less time, for tests; a broker under load wants the full compiler.
    """

    name: ClassVar[str] = "Kafka"

    def __init__(
        self,
        directory: Path,
        port: int,
        controller_port: int,
        *,
        quick: bool = False,
        setting: str = "KAFKA_PORT",
    ) -> None:
        super().__init__(directory, port, setting=setting)
        self._controller_port = controller_port
        self._quick = quick

    @property
    def address(self) -> str:
        """`host:port` for KAFKA_BOOTSTRAP_SERVERS."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def _config(self) -> Path:
        return self.directory / "server.properties"

    def prepare(self) -> None:
        data = self.directory / "data"
        self._config.write_text(
            _PROPERTIES.format(
                host=LOOPBACK, port=self.port, controller_port=self._controller_port, data=data
            )
        )
        if (data / "meta.properties").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        arguments = ["format", "--ignore-formatted", f"--cluster-id={cluster}", "--config", str(self._config)]
        result = subprocess.run(
            [*self._java(), "kafka.tools.StorageTool", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if result.returncode != 0:
            raise LocalError(f"Kafka cannot prepare {data}\n{result.stdout}{result.stderr}")

    def command(self) -> Sequence[str]:
        return [*self._java(), "kafka.Kafka", str(self._config)]

    def _java(self) -> list[str]:
        quick = ["-XX:TieredStopAtLevel=1"] if self._quick else []
        log_config = packaged("kafka", "log4j2.yaml")
        return [
            *[*java("kafka"), "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", *quick],
            f"-Dlog4j2.configurationFile={log_config}",
        ]

    def is_ready(self) -> bool:
        return answers_kafka(LOOPBACK, self.port)


def answers_kafka(host: str, port: int) -> bool:
    """Whether a broker there takes requests, and consumers can find the coordinator of their group.

    A bare connection proves nothing: the broker listens long before it takes requests. The first question
    after the coordinator has Kafka make its topic of offsets; asked here, no consumer has to wait for that
    later.
    """
    group = b"ready"
    return _error_of(host, port, _API_VERSIONS) == 0 and (
        _error_of(host, port, _FIND_COORDINATOR, struct.pack(">h", len(group)) + group) == 0
    )


def _error_of(host: str, port: int, api_key: int, body: bytes = b"") -> int | None:
    """The error code with which a broker answers a request of version 0; None where it does not answer.

    In both requests asked here the answer begins with the code. https://kafka.apache.org/protocol.html
    """
    correlation_id, client_id = 7, b"ready"
    message = struct.pack(">hhih", api_key, 0, correlation_id, len(client_id)) + client_id + body
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host, port), timeout=_ANSWER_SECONDS) as connection,
    ):
        connection.sendall(struct.pack(">i", len(message)) + message)
        answer = connection.recv(10, socket.MSG_WAITALL)
        if len(answer) == 10:
            _size, answered_id, error = struct.unpack(">iih", answer)
            return int(error) if answered_id == correlation_id else None
    return None
