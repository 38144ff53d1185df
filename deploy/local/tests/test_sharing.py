"""What test files share: in one process, and no longer than it is asked for."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = """
import os
import pytest

def told(what):
    with open({diary!r}, "a") as diary:
        diary.write(f"{{what}} {{os.getpid()}}\\n")

@pytest.fixture(scope="package")
def platform():
    told("up")
    yield
    told("down")

@pytest.fixture
def user(platform):
    yield
    told("user")

@pytest.fixture(scope="session")
def media():
    yield
    told("media")
"""

FILES = {
    "test_a.py": "def test_one(user): pass\ndef test_two(): pass\n",
    "test_b.py": "from conftest import told\ndef test_alone(media): told('alone')\n",
    "test_c.py": "def test_three(user): pass\n",
    "test_d.py": "from conftest import told\ndef test_after(): told('after')\n",
}


def diary_of(folder: Path, *options: str) -> list[tuple[str, str]]:
    diary = folder / "diary"
    suite = folder / "suite"
    suite.mkdir()
    (suite / "conftest.py").write_text(CONFTEST.format(diary=str(diary)))
    for name, text in FILES.items():
        (suite / name).write_text(text)
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "xdist.plugin",
            "-p",
            "octavia_local.sharing",
            *options,
            "suite",
        ],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return [(line.split()[0], line.split()[1]) for line in diary.read_text().splitlines()]


def test_what_is_shared_ends_after_the_last_who_asks_for_it(tmp_path: Path) -> None:
    told = [what for what, _ in diary_of(tmp_path)]
    assert told == ["up", "user", "user", "down", "alone", "media", "after"]


def test_who_shares_runs_in_one_process(tmp_path: Path) -> None:
    told = diary_of(tmp_path, "-n", "2", "--dist", "loadgroup")
    shared = [(what, process) for what, process in told if what in ("up", "user", "down")]
    assert [what for what, _ in shared] == ["up", "user", "user", "down"]
    assert len({process for _, process in shared}) == 1
