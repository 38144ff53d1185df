"""Everything that has to be on the machine before Octavia runs: `make setup`.

Each step is skipped where it has been done with the same inputs. Only the standard library here: the first
run happens on a bare Python, before the environment that this module makes exists.
"""

import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

from octavia_local import system_packages
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
        self._require_room()
        self._system_packages()
        for name in _JAR_SETS:
            self._jars(name)
        self._environment()
        self._own_packages()

    def _require_room(self) -> None:
        complete = (self._venv / "bin" / "python").exists() and self._java.exists()
        free = shutil.disk_usage(self._root).free
        if not complete and free < _NEEDED_BYTES:
            raise LocalError(
                f"Too little disk: {free / 1024**3:.1f} GiB free at {self._root}, and the installation takes "
                f"{_NEEDED_BYTES / 1024**3:.0f} GiB: make room."
            )

    def _system_packages(self) -> None:
        missing = system_packages.missing()
        if missing:
            say(f"Installing system packages: {' '.join(package.name for package in missing)}")
            system_packages.install(missing)

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

    def _environment(self) -> None:
        requirements = self._root / "requirements" / "platform.txt"
        python = self._venv / "bin" / "python"
        stamp = Stamp(self._venv / ".octavia-requirements", [requirements])
        if python.exists() and stamp.fresh:
            return
        uv = self._uv()
        if not python.exists():
            say(f"Making the Python environment {self._venv}")
            options = ["--no-python-downloads", "--python", sys.executable, str(self._venv)]
            run([uv, "venv", "-q", *options], "The Python environment cannot be made")
        say("Installing Python packages")
        options = ["--python", str(python), "--require-hashes", "-r", str(requirements)]
        run([uv, "pip", "install", "-q", *options], "The Python packages cannot be installed")
        stamp.set()

    def _own_packages(self) -> None:
        projects = own_projects(self._root)
        folders = "\n".join(str(project.parent) for project in projects)
        stamp = Stamp(self._venv / ".octavia-own-packages", projects, folders)
        if stamp.fresh:
            return
        say(f"Installing {len(projects)} packages of this checkout")
        editables = [part for project in projects for part in ("-e", str(project.parent))]
        options = ["--python", str(self._venv / "bin" / "python"), "--no-deps", "--no-build-isolation"]
        run([self._uv(), "pip", "install", "-q", *options, *editables], "The packages cannot be installed")
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
