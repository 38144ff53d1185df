"""`make lock`: pin every Python package, with hashes, from what the packages of this checkout ask for."""

import subprocess
import tomllib
from pathlib import Path

from octavia_local.engines import ENGINES, EngineEnvironment
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.toolchain import own_projects, say

# Extras that every machine gets: tests and the offline engines. A heavy engine is an extra of its service,
# named as the engine, and locked for the engine's own environment.
_EXTRAS = frozenset({"test", "offline", "pocketsphinx"})
_OWN_PREFIX = "octavia-"
_PYTHON = "3.11"


def lock(root: Path, uv: str = "uv") -> None:
    """Write every requirements/*.txt: the platform's, each engine's, and those of tools.

    Raises:
        LocalError: the requirements contradict each other, or a package is not to be had.
    """
    folder = root / "requirements"
    wanted = (folder / "platform.in").read_text() + "\n".join(requirements_of(own_projects(root))) + "\n"
    _compile(uv, wanted, folder / "platform.txt")
    _compile(uv, (folder / "bench.in").read_text(), folder / "bench.txt")
    _compile(uv, (folder / "bootstrap.in").read_text(), folder / "bootstrap.txt")
    _compile(uv, (folder / "go.in").read_text(), folder / "go.txt")
    for environment in ENGINES:
        for gpu in (False, True) if environment.cuda else (False,):
            _lock_engine(environment, Layout(root, root / ".octavia"), uv, gpu=gpu)


def _lock_engine(environment: EngineEnvironment, layout: Layout, uv: str, *, gpu: bool) -> None:
    target = environment.lock(layout, gpu=gpu)
    folder = target.parent
    projects = environment.projects(layout)
    parts = [folder / "engines.in"] if projects else []
    parts.append(target.with_suffix(".in"))
    wanted = [part.read_text() for part in parts if part.exists()]
    wanted += requirements_of(projects, frozenset({"test", environment.name}))
    overrides = [folder / "engines.overrides.in", target.with_suffix(".overrides.in")]
    how = [option for file in overrides if file.exists() for option in ("--override", str(file))]
    _compile(uv, "\n".join(wanted) + "\n", target, *how)


def requirements_of(projects: list[Path], extras: frozenset[str] = _EXTRAS) -> list[str]:
    """What the given packages need from elsewhere, sorted; what they need of each other is left out."""
    wanted: set[str] = set()
    for path in projects:
        project = tomllib.loads(path.read_text())["project"]
        wanted.update(project.get("dependencies", []))
        for extra, requirements in project.get("optional-dependencies", {}).items():
            if extra in extras:
                wanted.update(requirements)
    return sorted(each for each in wanted if not each.startswith(_OWN_PREFIX))


def _compile(uv: str, wanted: str, target: Path, *how: str) -> None:
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
        [uv, "pip", "compile", "-q", *options, *how, "-o", str(target), "-"],
        input=wanted,
        cwd=target.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise LocalError(f"{target.name} cannot be resolved\n{result.stderr}")
