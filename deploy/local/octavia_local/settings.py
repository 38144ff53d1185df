"""What a person may change about the local stack, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from octavia_local.errors import LocalError

# Port by setting. All are below 32768, where Linux takes no ports for outgoing connections.
DEFAULT_PORTS: Mapping[str, int] = {
    "GATEWAY_PORT": 8080,
    "KAFKA_PORT": 19092,
    "KAFKA_CONTROLLER_PORT": 19093,
    "POSTGRES_PORT": 15432,
    "S3_PORT": 19000,
    # Health and metrics: the processes of the first service from here on, of the next 20 further, and so on.
    "HEALTH_BASE_PORT": 18100,
}

SERVICES = ("gateway", "billing", "transcriber", "translator", "synthesizer", "assembler", "videogen")

MOST_WORKERS = 20
_LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class LocalSettings:
    """Read once, at the start.

    Attributes:
        ports: by setting, see DEFAULT_PORTS.
        workers: processes of each service (WORKERS_TRANSCRIBER and so on); by default as many transcribers as
            the machine has cores, because recognition takes longest, and one of everything else.
        gateway_host: where the API listens (GATEWAY_HOST).
        least_free_bytes: less disk than this is refused (MIN_FREE_DISK_GIB, default 2).
    """

    ports: Mapping[str, int]
    workers: Mapping[str, int]
    gateway_host: str
    least_free_bytes: int

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> "LocalSettings":
        """From the environment.

        Raises:
            LocalError: a value is no number, or two settings name the same port.
        """
        values = os.environ if environment is None else environment
        ports = {name: _number(values, name, port, 1, 65_535) for name, port in DEFAULT_PORTS.items()}
        for name in ports:
            same = [other for other in ports if ports[other] == ports[name]]
            if len(same) > 1:
                raise LocalError(f"{' and '.join(same)} are both {ports[name]}: give them different ports.")
        cores = len(os.sched_getaffinity(0))
        workers = {}
        for service in SERVICES:
            default = min(cores, MOST_WORKERS) if service == "transcriber" else 1
            workers[service] = _number(values, f"WORKERS_{service.upper()}", default, 0, MOST_WORKERS)
        workers["gateway"] = min(workers["gateway"], 1)  # one process can listen on its port
        gib = _number(values, "MIN_FREE_DISK_GIB", _LEAST_FREE_BYTES // 1024**3, 0, 10_000)
        return cls(ports, workers, values.get("GATEWAY_HOST", "127.0.0.1"), gib * 1024**3)

    def health_port(self, service: str, index: int) -> int:
        """Port of the health server of one process of a service, counted from 0."""
        return self.ports["HEALTH_BASE_PORT"] + MOST_WORKERS * SERVICES.index(service) + index

    @property
    def gateway_url(self) -> str:
        """Where a browser on this machine finds the gateway."""
        host = "127.0.0.1" if self.gateway_host in ("0.0.0.0", "::") else self.gateway_host
        return f"http://{host}:{self.ports['GATEWAY_PORT']}"


def _number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = values.get(name, "")
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise LocalError(f"{name} is {text!r}: it must be a whole number.") from None
    if not least <= number <= most:
        raise LocalError(f"{name} is {number}: it must lie between {least} and {most}.")
    return number
