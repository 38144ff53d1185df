"""Keep the stack's processes alive: start, wait until ready, start again what died."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from octavia_local.errors import LocalError
from octavia_local.ports import http_status
from octavia_local.processes import Process, stop_all
from octavia_local.servers import LocalServer

_POLL_SECONDS = 0.1
_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
_PATIENCE_SECONDS = 30.0  # of the person who waits, between two lines that say for whom
_STEADY_SECONDS = 60.0  # after this long alive, the next death counts as the first again


@dataclass
class Service:
    """One process of a service.

    Attributes:
        health_port: its health server's port on the loopback.
    """

    process: Process
    health_port: int
    _deaths: int = 0
    _started: float = 0.0
    _start_again_at: float | None = field(default=None)

    def start(self) -> None:
        self._started = time.monotonic()
        self._start_again_at = None
        self.process.start()

    @property
    def ready(self) -> bool:
        """Whether it says of itself that it can work."""
        return http_status(self.health_port, "/readyz") == 200

    def tend(self, now: float) -> str | None:
        """Start it again where it died and its time has come; a line worth telling, or None."""
        if self.process.running:
            return None
        if self._start_again_at is None:
            self._deaths = 1 if now - self._started > _STEADY_SECONDS else self._deaths + 1
            delay = min(_FIRST_DELAY_SECONDS * 2 ** (self._deaths - 1), _LONGEST_DELAY_SECONDS)
            self._start_again_at = now + delay
            status = self.process.returncode
            return f"{self.process.name} ended (status {status}); it starts again in {delay:.1f} s"
        if now >= self._start_again_at:
            self.start()
        return None


class Supervisor:
    """The running stack: servers below, services above.

    Args:
        servers: local servers that this stack started, already running.
        services: not started yet.
        say: takes a line for the person at the terminal.
    """

    def __init__(
        self, servers: Sequence[LocalServer], services: Sequence[Service], say: Callable[[str], None]
    ) -> None:
        self._servers = servers
        self._services = services
        self._say = say

    def start(self, timeout: float = 180.0) -> None:
        """Start the services and wait until each is ready.

        Raises:
            LocalError: one ended, or is not ready after `timeout` seconds.
        """
        for service in self._services:
            service.start()
        deadline = time.monotonic() + timeout
        patience = time.monotonic() + _PATIENCE_SECONDS
        for service in self._services:
            while not service.ready:
                if time.monotonic() > patience:
                    self._say(f"Waiting for {service.process.name}: see {service.process.log}")
                    patience += _PATIENCE_SECONDS
                if not service.process.running:
                    raise _failed(service.process, "ended while starting")
                if time.monotonic() > deadline:
                    raise _failed(service.process, f"is not ready after {timeout:.0f} s")
                time.sleep(_POLL_SECONDS)

    def tend(self) -> None:
        """Look after everything once; call it again and again."""
        for server in self._servers:
            if not server.running:
                self._say(f"{server.name} ended; starting it again")
                server.start()
        now = time.monotonic()
        for service in self._services:
            line = service.tend(now)
            if line is not None:
                self._say(line)

    def stop(self, grace: float) -> None:
        """Stop the services, all at once, with one shared grace period in seconds."""
        stop_all([service.process for service in self._services], grace)


def _failed(process: Process, how: str) -> LocalError:
    return LocalError(f"{process.name} {how}: see {process.log}\n{process.log_tail()}")
