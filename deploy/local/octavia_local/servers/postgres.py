"""PostgreSQL from the distribution's packages."""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg
from psycopg import sql

from octavia_local.errors import LocalError
from octavia_local.ports import LOOPBACK
from octavia_local.servers.base import LocalServer

_SYSTEM_USER = "postgres"  # made by Debian's package; the server refuses to run as root
_DATABASE = "octavia"
_OWNER = "octavia"
_FALLBACK = Path("/var/lib/octavia")


def find_binaries() -> Path:
    """The newest installed server's `bin` directory.

    Raises:
        LocalError: none is installed.
    """
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)])
    on_path = shutil.which("postgres")
    if on_path is None:
        raise LocalError("PostgreSQL is not installed: run `make setup`.")
    return Path(on_path).resolve().parent


class PostgresServer(LocalServer):
    """PostgreSQL on the loopback, durable commits, with the database and superuser `octavia`.

    Under root the server runs as the system user `postgres`. That user must be able to reach the data: where
    a directory above them is closed to it (a checkout in /root), the data lie in /var/lib/octavia/ instead,
    and `directory`/data is a link to them.

    Args:
        directory: data and log.
        port: where it listens; TCP only.
        password: of the superuser, taken at the first start.
    """

    name: ClassVar[str] = "PostgreSQL"
    # "Fast": sessions are ended. SIGTERM would wait for every client to leave.
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT

    def __init__(
        self, directory: Path, port: int, *, password: str = "octavia", setting: str = "POSTGRES_PORT"
    ) -> None:
        super().__init__(directory, port, setting=setting)
        self._password = password

    @property
    def address(self) -> str:
        """URL for DATABASE_URL."""
        return self.url()

    def url(self, database: str = _DATABASE) -> str:
        """Connection URL of one database of this server, as the superuser."""
        return f"postgresql://{_OWNER}:{quote(self._password)}@{LOOPBACK}:{self.port}/{database}"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def prepare(self) -> None:
        if (self._data / "PG_VERSION").exists():
            self._require_same_version()
            return
        self._make_data_directory()
        password_file = self._data.resolve().parent / "password.tmp"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if os.geteuid() == 0:
            shutil.chown(password_file, _SYSTEM_USER, _SYSTEM_USER)
        try:
            options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
            self._initialise([f"--username={_OWNER}", f"--pwfile={password_file}", *options])
        finally:
            password_file.unlink()

    def _initialise(self, options: list[str]) -> None:
        command = [*_as_server_user(), str(find_binaries() / "initdb"), f"--pgdata={self._data.resolve()}"]
        result = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=120, check=False, cwd="/"
        )
        if result.returncode != 0:
            raise LocalError(f"PostgreSQL cannot prepare {self._data}\n{result.stdout}{result.stderr}")

    def _require_same_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        installed = find_binaries().parent.name
        if installed.isdigit() and installed != made_by:
            raise LocalError(
                f"The data in {self._data} were made by PostgreSQL {made_by}, and {installed} is installed: "
                f"install postgresql-{made_by}, or remove that directory and lose its data."
            )

    def _make_data_directory(self) -> None:
        if os.geteuid() != 0:
            self._data.mkdir(exist_ok=True, mode=0o700)
            return
        try:
            pwd.getpwnam(_SYSTEM_USER)
        except KeyError:
            raise LocalError(
                f"There is no system user {_SYSTEM_USER}: run `make setup`, or run as another user than root."
            ) from None
        target = self._data
        if not _reachable(self.directory):
            mark = hashlib.sha256(str(self.directory.resolve()).encode()).hexdigest()[:12]
            target = _FALLBACK / mark / "data"
            target.parent.mkdir(parents=True, exist_ok=True)
            self._data.unlink(missing_ok=True)
            self._data.symlink_to(target)
        target.mkdir(exist_ok=True)
        target.chmod(0o700)
        shutil.chown(target, _SYSTEM_USER, _SYSTEM_USER)

    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "300",
            "shared_buffers": "128MB",
            "timezone": "UTC",
        }
        options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
        server = str(find_binaries() / "postgres")
        return [*_as_server_user(), server, "-D", str(self._data.resolve()), *options]

    def is_ready(self) -> bool:
        return answers_postgres(self.url("postgres"))

    def after_ready(self) -> None:
        self.create_database(_DATABASE)

    def create_database(self, name: str) -> str:
        """Make an empty database where it does not exist; its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


def remove_data_outside(directory: Path) -> None:
    """Remove the data of a server whose directory only holds a link to them (see PostgresServer)."""
    link = directory / "data"
    if link.is_symlink() and link.readlink().is_relative_to(_FALLBACK):
        shutil.rmtree(link.readlink().parent, ignore_errors=True)


def answers_postgres(url: str) -> bool:
    """Whether a session can be opened there."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
        return True
    return False


def _as_server_user() -> list[str]:
    """Prefix of a command that must not run as root; it replaces itself, so the process id stays."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_SYSTEM_USER}", f"--regid={_SYSTEM_USER}", "--init-groups"]


def _reachable(directory: Path) -> bool:
    test = [*_as_server_user(), "test", "-x", str(directory)]
    return subprocess.run(test, check=False, cwd="/").returncode == 0
