"""A service imports itself and libraries; libraries import no service and no heavy package."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").is_file())
LIBRARIES = ("octavia_common", "octavia_subtitles")
HEAVY = {"torch", "faster_whisper", "vllm", "TTS", "pocketsphinx", "numpy", "fastapi"}


def imports_of(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_no_other(service: str) -> None:
    ours = {
        name for name in imports_of(ROOT / "services" / service / f"octavia_{service}") if "octavia" in name
    }
    assert ours <= {f"octavia_{service}", *LIBRARIES}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_knows_nothing_but_itself_and_nothing_heavy(library: str) -> None:
    found = imports_of(ROOT / "libs" / library.removeprefix("octavia_") / library)
    assert {name for name in found if "octavia" in name} == {library}
    assert not found & HEAVY


def test_the_client_talks_http_only() -> None:
    ours = {name for name in imports_of(ROOT / "cli/octavia_cli") if "octavia" in name}
    assert ours <= {"octavia_cli"}
