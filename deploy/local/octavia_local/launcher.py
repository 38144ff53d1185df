"""`make run`: the whole stack on this machine, from servers to a dubbed sample and a generated clip."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from octavia_local import credentials
from octavia_local.engines import library_path, start_seconds
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.plan import Plan
from octavia_local.ports import LOOPBACK, require_free
from octavia_local.processes import Process, stop_all
from octavia_local.servers import ExternalS3, LocalServer, S3Server, Server, start_together
from octavia_local.settings import LocalSettings
from octavia_local.signals import signals_as_exception, without_signals
from octavia_local.supervision import Service, Supervisor

_TEND_SECONDS = 0.2
_STOP_SECONDS = 25.0  # a service takes up to 20 s to finish the work in hand
_PREPARATION_SECONDS = 120.0
_LARGEST_LOG_BYTES = 20 * 1024**2


class Launcher:
    """Starts, keeps and stops the stack of one state directory."""

    def __init__(
        self,
        layout: Layout,
        settings: LocalSettings,
        plan: Plan,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.layout = layout
        self.settings = settings
        self.given = dict(os.environ if environment is None else environment)
        self.secrets: Mapping[str, str] = {}
        self._plan = plan
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        """A line for the person at the terminal, with the seconds since the start."""
        print(f"[{time.monotonic() - self._began:5.1f} s] {line}", flush=True)

    @contextmanager
    def running(self) -> Iterator["Stack"]:
        """The stack, ready to serve; stopped when the block is left, by whatever way.

        Raises:
            LocalError: something is in the way; nothing is left running.
        """
        with ExitStack() as cleanup, signals_as_exception():
            cleanup.enter_context(self._lock())
            self._require_disk()
            self.secrets = credentials.load_or_create(self.layout.secrets)
            self._require_ports()
            servers = self._plan.servers(self.layout, self.settings, self.given, self.secrets)
            local = [server for server in servers if isinstance(server, LocalServer)]
            cleanup.callback(without_signals, lambda: _stop_servers(local))
            self.say(f"Starting {', '.join(server.name for server in servers)}")
            start_together(servers)
            environment = self.environment(servers)
            self._prepare(environment)
            services = list(self._services(environment))
            supervisor = Supervisor(local, services, self.say)
            cleanup.callback(without_signals, lambda: supervisor.stop(_STOP_SECONDS))
            self.say(f"Starting {len(services)} processes of {len(self._plan.services)} services")
            supervisor.start(start_seconds(environment))
            self.layout.ready_file.write_text(self.settings.gateway_url)
            cleanup.callback(self.layout.ready_file.unlink, missing_ok=True)
            self.say(f"Ready: {self.settings.gateway_url}")
            try:
                yield Stack(supervisor, environment)
            finally:
                self.say("Stopping")

    def environment(self, servers: Sequence[Server]) -> dict[str, str]:
        """The environment of every service: the given one, the secrets, and where the servers are."""
        kafka, postgres, store = servers
        addresses = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.address,
            "DATABASE_URL": postgres.address,
            "S3_ENDPOINT": store.address,
            "GATEWAY_HOST": self.settings.gateway_host,
            "GATEWAY_PORT": str(self.settings.ports["GATEWAY_PORT"]),
        }
        # Bundled programs beside the Python that runs this, found without an activated environment.
        path = f"{self.layout.venv_bin}{os.pathsep}{self.given.get('PATH', os.defpath)}"
        # What suits one machine, unless the person says otherwise.
        own = {name: self.secrets[name] for name in ("JWT_SECRET", "VIDEO_CALLBACK_SECRET")}
        own["KAFKA_MOST_PARTITIONS"] = "8"
        return {**own, **self.given, **_keys_of(store), **addresses, "PATH": path}

    def _services(self, environment: Mapping[str, str]) -> Iterator[Service]:
        for name, command in self._plan.services.items():
            for index in range(self.settings.workers[name]):
                port = self.settings.health_port(name, index)
                own = {"HEALTH_PORT": str(port), "HEALTH_HOST": LOOPBACK}
                libraries = library_path(name, self.layout, environment)
                if libraries is not None:
                    own["LD_LIBRARY_PATH"] = libraries
                label = f"{name}-{index}" if self.settings.workers[name] > 1 else name
                log = self.layout.logs / f"{label}.log"
                _rotate(log)
                process = Process(label, command, environment={**environment, **own}, log=log)
                yield Service(process, port)

    def _prepare(self, environment: Mapping[str, str]) -> None:
        """All preparations at the same time: each has a server of its own to talk to."""
        self.say("; ".join(name for name, _ in self._plan.preparations))
        log = self.layout.logs / "preparations.log"
        log.unlink(missing_ok=True)
        processes = [
            Process(name, command, environment=environment, log=log)
            for name, command in self._plan.preparations
        ]
        try:
            for process in processes:
                process.start()
            for process in processes:
                if not process.wait(_PREPARATION_SECONDS):
                    raise LocalError(f"{process.name}: no end after {_PREPARATION_SECONDS:.0f} s, see {log}")
                if process.returncode != 0:
                    raise LocalError(f"{process.name} failed: see {log}\n{process.log_tail()}")
        finally:
            for process in processes:
                process.kill()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One launcher a state directory; the lock falls with the process that holds it."""
        self.layout.state.mkdir(parents=True, exist_ok=True)
        with self.layout.pid_file.open("a+") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = self.layout.pid_file.read_text().strip()
                raise LocalError(
                    f"Octavia already runs (process {holder}): stop it with `make down`."
                ) from None
            _rewrite(stream, str(os.getpid()))
            self.layout.ready_file.unlink(missing_ok=True)
            try:
                yield
            finally:
                _rewrite(stream, "")

    def _require_disk(self) -> None:
        free = shutil.disk_usage(self.layout.state).free
        if free < self.settings.least_free_bytes:
            wanted = self.settings.least_free_bytes / 1024**3
            raise LocalError(
                f"Too little disk: {free / 1024**3:.1f} GiB free at {self.layout.state}, and "
                f"{wanted:.0f} GiB are wanted: make room, or lower MIN_FREE_DISK_GIB."
            )

    def _require_ports(self) -> None:
        """Before anything is started, so that nothing is started in vain."""
        if "gateway" in self._plan.services:
            port = self.settings.ports["GATEWAY_PORT"]
            require_free(port, "the gateway", "GATEWAY_PORT", self.settings.gateway_host)
        for name in self._plan.services:
            for index in range(self.settings.workers[name]):
                port = self.settings.health_port(name, index)
                require_free(port, f"the {name}'s health", "HEALTH_BASE_PORT")


@dataclass(frozen=True)
class Stack:
    """A stack that is ready."""

    supervisor: Supervisor
    environment: Mapping[str, str]

    def run_beside(self, *processes: Process) -> None:
        """Run processes to their ends, at the same time, while the stack is looked after."""
        try:
            for process in processes:
                process.start()
            for process in processes:
                while not process.wait(_TEND_SECONDS):
                    self.supervisor.tend()
        except BaseException:
            stop_all(processes, grace=5.0)
            raise

    def serve(self) -> None:
        """Look after the stack until Ctrl-C or SIGTERM."""
        while True:
            self.supervisor.tend()
            time.sleep(_TEND_SECONDS)


def _keys_of(store: Server) -> dict[str, str]:
    if isinstance(store, S3Server | ExternalS3):
        return {"S3_ACCESS_KEY": store.access_key, "S3_SECRET_KEY": store.secret_key}
    return {}


def _stop_servers(servers: Sequence[LocalServer]) -> None:
    for server in servers:
        server.stop()


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _rewrite(stream: IO[str], text: str) -> None:
    stream.seek(0)
    stream.truncate()
    stream.write(text)
    stream.flush()
