"""Where sessions are kept: one file of the user's own (mode 0600) in the XDG configuration folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from octavia_cli.errors import UsageError
from octavia_cli.messages import _


@dataclass(frozen=True)
class Session:
    """Tokens of one account on one server. The refresh token is spent by its first use."""

    email: str
    access_token: str
    refresh_token: str


def default_folder() -> Path:
    """`$XDG_CONFIG_HOME/octavia`, by default `~/.config/octavia`."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return Path(base) / "octavia" if base else Path(typer.get_app_dir("octavia"))


class SessionStore:
    """Sessions by server address."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()
        self._file = self._folder / "sessions.json"

    def get(self, server: str) -> Session | None:
        """The session on a server, if any."""
        found = self._read().get(server)
        return Session(**found) if found else None

    def put(self, server: str, session: Session) -> None:
        """Keep a session; it replaces an earlier one on that server."""
        self._write({**self._read(), server: asdict(session)})

    def remove(self, server: str) -> None:
        """Forget the session on a server."""
        self._write({name: session for name, session in self._read().items() if name != server})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes of this user from changing sessions meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._folder / "sessions.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise UsageError(_("{path} is damaged. Delete it and sign in again.", path=self._file)) from None
        return found

    def _write(self, sessions: dict[str, dict[str, str]]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._file.with_suffix(f".{os.getpid()}.tmp")
        handle = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump(sessions, out, indent=2)
        unfinished.replace(self._file)
