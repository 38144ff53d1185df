"""Everything that has to be on the machine before Octavia runs: `make setup`.

Each step is skipped where it has been done with the same inputs. Only the standard library here: the first
run happens on a bare Python, before the environment that this module makes exists.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from octavia_local import engines, system_packages
from octavia_local.engines import EngineEnvironment
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.stamps import Stamp

_MINIMUM_PYTHON = (3, 11)
_NEEDED_BYTES = 3 * 1024**3  # the environment, the jars, and room to run
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_JAR_SETS = ("kafka", "s3proxy")


class Toolchain:
    """The steps of the set-up, in their order."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._root = layout.root
        self._java = layout.root / ".octavia" / "java"
        self._bootstrap = layout.root / ".octavia" / "bootstrap"
        self._venv = layout.root / ".venv"

    def install(self) -> None:
        """Install what is missing.

        Raises:
            LocalError: a step failed; says what to do.
        """
        with self._alone():
            self._install()

    def _install(self) -> None:
        self._require_room()
        system_packages.have(system_packages.NEEDED)
        for name in _JAR_SETS:
            self._jars(name)
        self._environment(self._venv, self._root / "requirements" / "platform.txt")
        self._own_packages(self._venv, own_projects(self._root))
        for name in _JAR_SETS:
            self._class_archive(name)
        for environment in engines.wanted(os.environ):
            self._install_engine(environment)

    def install_engine(self, environment: EngineEnvironment) -> None:
        """Make an engine's environment, or bring it up to date.

        Raises:
            LocalError: as above.
        """
        with self._alone():
            self._install_engine(environment)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One set-up of a checkout at a time: `make vllm` and `make run` may begin together."""
        lock = self._root / ".octavia" / "setup.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Waiting for another set-up of this checkout")
                fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def _install_engine(self, environment: EngineEnvironment) -> None:
        folder = environment.folder(self._layout)
        free = shutil.disk_usage(self._root).free
        if not folder.exists() and free < environment.gib * 1024**3:
            raise LocalError(
                f"Too little disk: {free / 1024**3:.1f} GiB free at {self._root}, and the environment of "
                f"{environment.name} takes {environment.gib} GiB: make room."
            )
        requirements = environment.lock(self._layout, gpu=engines.has_gpu())
        # Locks of engines are whole, and overrule what packages say that they need (one torch for all).
        self._environment(folder, requirements, "--no-deps")
        self._own_packages(folder, environment.projects(self._layout))

    def _require_room(self) -> None:
        complete = (self._venv / "bin" / "python").exists() and self._java.exists()
        free = shutil.disk_usage(self._root).free
        if not complete and free < _NEEDED_BYTES:
            raise LocalError(
                f"Too little disk: {free / 1024**3:.1f} GiB free at {self._root}, and the installation takes "
                f"{_NEEDED_BYTES / 1024**3:.0f} GiB: make room."
            )

    def _jars(self, name: str) -> None:
        target = self._java / name
        pom = self._root / "deploy" / "local" / name / "pom.xml"
        stamp = Stamp(target / ".stamp", [pom], _COPY_JARS)
        if stamp.fresh:
            return
        say(f"Fetching the jars of {name}")
        shutil.rmtree(target, ignore_errors=True)
        options = ["-DincludeScope=runtime", f"-DoutputDirectory={target}"]
        run(
            ["mvn", "-B", "-q", "-f", str(pom), _COPY_JARS, *options],
            f"Maven cannot fetch the jars of {name}",
        )
        stamp.set()

    def _class_archive(self, name: str) -> None:
        pom = self._root / "deploy" / "local" / name / "pom.xml"
        stamp = Stamp(self._java / f"{name}.jsa.stamp", [pom])
        if not stamp.fresh:
            say(f"Preparing the start of {name}")
            python = str(self._venv / "bin" / "python")
            run([python, "-m", "octavia_local", "class-archive", name], f"{name} cannot be started")
            stamp.set()

    def _environment(self, folder: Path, requirements: Path, *how: str) -> None:
        python = folder / "bin" / "python"
        stamp = Stamp(folder / ".octavia-requirements", [requirements])
        if python.exists() and stamp.fresh:
            return
        uv = self._uv()
        if not python.exists():
            say(f"Making the Python environment {folder}")
            options = ["--no-python-downloads", "--python", sys.executable, str(folder)]
            run([uv, "venv", "-q", *options], "The Python environment cannot be made")
        say(f"Installing the Python packages of {requirements.name}")
        options = ["--python", str(python), "--require-hashes", *how, "-r", str(requirements)]
        run([uv, "pip", "install", "-q", *options], "The Python packages cannot be installed")
        stamp.set()

    def _own_packages(self, folder: Path, projects: Sequence[Path]) -> None:
        folders = "\n".join(str(project.parent) for project in projects)
        stamp = Stamp(folder / ".octavia-own-packages", projects, folders)
        if stamp.fresh:
            return
        if projects:
            say(f"Installing {len(projects)} packages of this checkout into {folder.name}")
            editables = [part for project in projects for part in ("-e", str(project.parent))]
            options = ["--python", str(folder / "bin" / "python"), "--no-deps", "--no-build-isolation"]
            run(
                [self._uv(), "pip", "install", "-q", *options, *editables], "The packages cannot be installed"
            )
        stamp.set()

    def _uv(self) -> str:
        requirements = self._root / "requirements" / "bootstrap.txt"
        uv = self._bootstrap / "bin" / "uv"
        stamp = Stamp(self._bootstrap / ".stamp", [requirements])
        if not (stamp.fresh and uv.exists()):
            say("Installing uv, which installs Python packages")
            venv.create(self._bootstrap, with_pip=True, clear=True)
            pip = [str(self._bootstrap / "bin" / "python"), "-m", "pip", "install", "-q"]
            run([*pip, "--require-hashes", "-r", str(requirements)], "uv cannot be installed")
            stamp.set()
        return str(uv)


def own_projects(root: Path) -> list[Path]:
    """The pyproject.toml files of the packages in the checkout, common ones first."""
    patterns = (
        "libs/*/pyproject.toml",
        "services/*/pyproject.toml",
        "cli/pyproject.toml",
        "samples/pyproject.toml",
        "simulator/pyproject.toml",
        "benchmarks/pyproject.toml",
        "deploy/local/pyproject.toml",
    )
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def run(command: Sequence[str], complaint: str) -> None:
    """Run a program to its end, in silence.

    Raises:
        LocalError: it is missing or failed; with the end of what it said.
    """
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except FileNotFoundError:
        raise LocalError(f"{complaint}: {command[0]} is missing.") from None
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-15:])
        raise LocalError(f"{complaint}: is the network there? Then try `make setup` again.\n{tail}")


def say(line: str) -> None:
    """A line for the person who waits."""
    print(line, flush=True)


def main() -> int:
    """Set the machine up; 0, or 1 with one line that says what is in the way."""
    if sys.version_info < _MINIMUM_PYTHON:
        print("Python 3.11 or newer is needed.", file=sys.stderr)
        return 1
    started = time.monotonic()
    try:
        Toolchain(Layout.default()).install()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    if time.monotonic() - started > 1:
        say(f"Set up in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
