"""Where things lie: the checkout, and the state directory beside it."""

import os
from dataclasses import dataclass
from pathlib import Path

from octavia_local.errors import LocalError


def repository_root() -> Path:
    """The checkout that this (editable) package was installed from.

    Raises:
        LocalError: the package was installed without its checkout.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "Makefile").is_file():
        raise LocalError(f"No checkout of Octavia around {root}: install octavia-local with `make setup`.")
    return root


@dataclass(frozen=True)
class Layout:
    """Paths of one installation. Nothing is created by asking for a path."""

    root: Path
    state: Path

    @classmethod
    def default(cls) -> "Layout":
        """The checkout's own layout; OCTAVIA_STATE moves the state directory elsewhere."""
        root = repository_root()
        return cls(root, Path(os.environ.get("OCTAVIA_STATE") or root / ".octavia").resolve())

    @property
    def venv_bin(self) -> Path:
        return self.root / ".venv" / "bin"

    @property
    def engines(self) -> Path:
        """Environments of heavy engines, see `octavia_local.engines`."""
        return self.root / ".engines"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets.env"

    @property
    def pid_file(self) -> Path:
        return self.state / "launcher.pid"

    @property
    def ready_file(self) -> Path:
        """Exists while the stack of this state directory is up and serving."""
        return self.state / "ready"


def jars(name: str) -> str:
    """The Java class path of a bundled server, `kafka` or `s3proxy`.

    Raises:
        LocalError: its jars have not been fetched yet.
    """
    directory = repository_root() / ".octavia" / "java" / name
    if not any(directory.glob("*.jar")):
        raise LocalError(f"The jars of {name} are missing: run `make setup`.")
    return f"{directory}/*"


def class_archive(name: str) -> Path:
    """Where what a bundled server loads at its start is kept, see `octavia_local.class_archives`."""
    return repository_root() / ".octavia" / "java" / f"{name}.jsa"


def java(name: str) -> list[str]:
    """The command with which a bundled server's Java begins: class path, and archive where there is one.

    Raises:
        LocalError: its jars have not been fetched yet.
    """
    archive = class_archive(name)
    shared = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
    return ["java", *shared, "-cp", jars(name)]


def packaged(*parts: str) -> Path:
    """A file beside this package in `deploy/local/`."""
    return Path(__file__).resolve().parents[1].joinpath(*parts)
