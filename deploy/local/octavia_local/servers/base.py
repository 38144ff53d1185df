"""What every server of this machine has in common."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from octavia_local.errors import LocalError
from octavia_local.ports import require_free
from octavia_local.processes import Process

_POLL_SECONDS = 0.05


class Server(Protocol):
    """A server that tests and the launcher use: one of ours, or one that somebody else runs."""

    name: ClassVar[str]

    @property
    def address(self) -> str:
        """What a client of it puts into its settings: `host:port` or a URL."""
        ...

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...


class LocalServer(ABC):
    """A server as a child process, with its data in a directory of its own.

    The data survive `stop`, `kill` and a start by another process later; the port stays the same over a
    restart. Use it as a context manager to have it stopped in the end.

    Args:
        directory: its data, configuration and log; made where it does not exist.
        port: where it listens on the loopback.
        setting: the environment variable with which a person moves it to another port; for messages.
    """

    name: ClassVar[str]
    start_seconds: ClassVar[float] = 120.0
    stop_seconds: ClassVar[float] = 20.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, directory: Path, port: int, *, setting: str) -> None:
        self.directory = directory
        self.port = port
        self._setting = setting
        self._process: Process | None = None

    @property
    @abstractmethod
    def address(self) -> str: ...

    @abstractmethod
    def prepare(self) -> None:
        """Make data and configuration where they are missing; safe to repeat."""

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers a real request of its protocol, asked once."""

    def after_ready(self) -> None:
        """Once, after it answers: what can only be made on the running server."""
        return

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        if self._process is None:
            raise LocalError(f"{self.name} has not been started.")
        return self._process.pid

    def launch(self) -> None:
        """Start the process without waiting for it.

        Raises:
            LocalError: the port is taken or a program is missing.
        """
        if self.running:
            return
        require_free(self.port, self.name, self._setting)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self._process = Process(self.name, self.command(), directory=self.directory, log=self.log)
        self._process.start()

    def wait_ready(self) -> None:
        """Wait until it answers.

        Raises:
            LocalError: it ended, or did not answer in `start_seconds`; with the end of its log.
        """
        assert self._process is not None, "launch() comes first"
        deadline = time.monotonic() + self.start_seconds
        while not self.is_ready():
            if not self._process.running:
                self._fail(
                    f"{self.name} ended while it was starting (exit status {self._process.returncode})"
                )
            if time.monotonic() > deadline:
                self._fail(f"{self.name} did not answer within {self.start_seconds:.0f} s")
            time.sleep(_POLL_SECONDS)
        self.after_ready()

    def start(self) -> None:
        """Start it and wait until it answers; nothing happens where it runs."""
        if not self.running:
            self.launch()
            self.wait_ready()

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.stop(self.stop_seconds, self.stop_signal)

    def kill(self) -> None:
        """SIGKILL, as a machine that loses its power: nothing is flushed or closed."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        """Stop it where it runs, and start it on the same port and data."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _fail(self, what: str) -> None:
        assert self._process is not None
        tail = self._process.log_tail()
        self.kill()
        raise LocalError(f"{what}: see {self.log}\n{tail}")


def start_together(servers: Sequence[Server]) -> None:
    """Start several at once: all processes first, then wait for each.

    Raises:
        LocalError: one of them did not start; the others are killed.
    """
    local = [server for server in servers if isinstance(server, LocalServer)]
    try:
        for server in local:
            server.launch()
        for other in servers:
            if isinstance(other, LocalServer):
                other.wait_ready()
            else:
                other.start()
    except BaseException:
        for server in local:
            server.kill()
        raise
