"""A platform of one's own for tests and benchmarks: every service as a process, on servers given to it.

Unlike the launcher it starts nothing again by itself: a test kills, pauses and starts what it wants.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from octavia_local.engines import program_of, start_seconds
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.ports import LOOPBACK, free_port
from octavia_local.processes import Process, stop_all
from octavia_local.settings import SERVICES
from octavia_local.supervision import Service, Supervisor

_HEARING_SECONDS = 90.0
_WITH_ENGINES = ("transcriber", "translator", "synthesizer")


class Platform:
    """The services, `workers` processes of each, told by `environment` where their servers are.

    Args:
        directory: for the logs.
        environment: settings of every service, on top of this process's own environment.
        workers: processes by service; one where not named, none where 0.
        settings: more settings by service.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        *,
        workers: Mapping[str, int] | None = None,
        settings: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.directory = directory
        self.environment = {**os.environ, **environment}
        self.services: dict[str, list[Service]] = {}
        self.gateway_ports: list[int] = []
        for name in SERVICES:
            for index in range((workers or {}).get(name, 1)):
                self.add(name, index, (settings or {}).get(name, {}))

    @property
    def url(self) -> str:
        """Where the (first) gateway answers."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """Where each gateway answers."""
        return [f"http://{LOOPBACK}:{port}" for port in self.gateway_ports]

    @property
    def _start_seconds(self) -> float:
        # Half of what a person is made to wait: a test's models need not be fetched.
        return start_seconds(self.environment) / 2

    def add(self, name: str, index: int, settings: Mapping[str, str]) -> Service:
        """One more process of a service, not started yet.

        Raises:
            LocalError: the environment that its engine needs has not been made.
        """
        health = free_port()
        own = {"HEALTH_PORT": str(health), "HEALTH_HOST": LOOPBACK, **settings}
        if name == "gateway":
            port = free_port()
            self.gateway_ports.append(port)
            own |= {"GATEWAY_PORT": str(port), "GATEWAY_HOST": LOOPBACK}
        environment = {**self.environment, **own}
        program = program_of(name, Path(sys.executable).parent, Layout.default(), environment)
        log = self.directory / f"{name}-{index}.log"
        service = Service(
            Process(f"{name}-{index}", [str(program)], environment=environment, log=log), health
        )
        self.services.setdefault(name, []).append(service)
        return service

    def prepare(self) -> None:
        """Make tables and topics.

        Raises:
            LocalError: one of the commands failed.
        """
        octavia = str(Path(sys.executable).with_name("octavia"))
        for arguments in (("migrate",), ("topics", "apply")):
            result = subprocess.run(
                [octavia, *arguments],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            if result.returncode != 0:
                raise LocalError(f"octavia {' '.join(arguments)} failed\n{result.stdout}{result.stderr}")

    def start(self) -> None:
        """Make tables and topics, start every service and wait until all are ready.

        Raises:
            LocalError: it did not come to that.
        """
        self.prepare()
        Supervisor([], self.all(), print).start(self._start_seconds)
        if all(self.services.get(name) for name in ("gateway", *_WITH_ENGINES)):
            self._hear_of_engines()

    def _hear_of_engines(self) -> None:
        """Wait until the gateway has heard what the engines can do: before that it takes no jobs."""
        deadline = time.monotonic() + _HEARING_SECONDS
        while (answer := httpx.get(f"{self.url}/api/v1/capabilities", timeout=10)).status_code == 503:
            if time.monotonic() > deadline:
                raise LocalError(f"the gateway does not hear of the engines: {answer.text}")
            time.sleep(0.05)

    def all(self) -> Sequence[Service]:
        """Every process."""
        return [service for services in self.services.values() for service in services]

    def kill(self, name: str) -> None:
        """SIGKILL every process of a service."""
        for service in self.services[name]:
            service.process.kill()

    def revive(self, name: str) -> None:
        """Start a service's processes again and wait until they are ready."""
        Supervisor([], self.services[name], print).start(self._start_seconds)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to every process of a service."""
        for service in self.services[name]:
            service.process.send(number)

    def stop(self) -> None:
        """End every process in good order."""
        stop_all([service.process for service in self.all()], grace=25.0)

    def log(self, name: str) -> str:
        """Everything the processes of a service wrote."""
        texts = []
        for service in self.services[name]:
            with suppress(FileNotFoundError):
                assert service.process.log is not None
                texts.append(service.process.log.read_text(errors="replace"))
        return "\n".join(texts)

    def metrics(self, name: str) -> str:
        """The metrics of a service's processes, one after another."""
        return "\n".join(
            httpx.get(f"http://{LOOPBACK}:{service.health_port}/metrics", timeout=5).text
            for service in self.services[name]
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
