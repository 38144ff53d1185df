"""`make lock`: pin every Python package, with hashes, from what the packages of this checkout ask for."""

import subprocess
import tomllib
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.toolchain import own_projects, say

# Extras that every machine gets: tests and the offline engines. Heavy engines are extras that are not locked.
_EXTRAS = frozenset({"test", "offline", "pocketsphinx"})
_OWN_PREFIX = "octavia-"
_PYTHON = "3.11"


def lock(root: Path, uv: str = "uv") -> None:
    """Write requirements/platform.txt, requirements/bench.txt and requirements/bootstrap.txt.

    Raises:
        LocalError: the requirements contradict each other, or a package is not to be had.
    """
    folder = root / "requirements"
    wanted = (folder / "platform.in").read_text() + "\n".join(requirements_of(own_projects(root))) + "\n"
    _compile(uv, wanted, folder / "platform.txt")
    _compile(uv, (folder / "bench.in").read_text(), folder / "bench.txt")
    _compile(uv, (folder / "bootstrap.in").read_text(), folder / "bootstrap.txt")


def requirements_of(projects: list[Path]) -> list[str]:
    """What the given packages need from elsewhere, sorted; what they need of each other is left out."""
    wanted: set[str] = set()
    for path in projects:
        project = tomllib.loads(path.read_text())["project"]
        wanted.update(project.get("dependencies", []))
        for extra, requirements in project.get("optional-dependencies", {}).items():
            if extra in _EXTRAS:
                wanted.update(requirements)
    return sorted(each for each in wanted if not each.startswith(_OWN_PREFIX))


def _compile(uv: str, wanted: str, target: Path) -> None:
    say(f"Resolving {target.name}")
    options = [
        "--generate-hashes",
        "--universal",
        "--python-version",
        _PYTHON,
        "--no-header",
        "--no-annotate",
    ]
    result = subprocess.run(
        [uv, "pip", "compile", "-q", *options, "-o", str(target), "-"],
        input=wanted,
        cwd=target.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise LocalError(f"{target.name} cannot be resolved\n{result.stderr}")
