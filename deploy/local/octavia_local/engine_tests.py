"""`make test-engines`: the tests of heavy engines, each by the Python of its environment, then whole jobs.

They take more time and disk than every run of CI has, so that a run of all writes down when it passed
(tests/engines/last_passed.json, to be checked in), and `make test-engines-weekly` goes by that.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from octavia_local.engines import ENGINES, engine
from octavia_local.layout import Layout
from octavia_local.toolchain import say

# Who talks to a server instead of loading the engine; its tests run in the platform's environment.
_CLIENTS = {"vllm": "translator"}
_WHOLE = "platform"
_WEEK = timedelta(days=7)


def run_engine_tests(layout: Layout, names: Sequence[str] = ()) -> int:
    """Run them all, or those named: engines, and `platform` for whole jobs. 0 where all passed.

    Raises:
        LocalError: no engine of that name has an environment.
    """
    failed, passed = [], {}
    for title, python, tests in _suites(layout, names or [*(each.name for each in ENGINES), _WHOLE]):
        say(f"Tests of {title}: {tests.relative_to(layout.root)}")
        count = _run(layout, python, tests)
        if count is None:
            failed.append(title)
        else:
            passed[title] = count
    if failed:
        say(f"Failed: {', '.join(failed)}")
        return 1
    say("All tests of engines passed")
    if not names:
        _write_down(layout, passed)
    return 0


def run_weekly(layout: Layout) -> int:
    """Say when all of them last passed, and run them where that is longer ago than a week, or never was."""
    told = last_passed(layout)
    if told is None:
        say("The tests of engines have never passed here.")
        return run_engine_tests(layout)
    at, commit = told
    say(f"The tests of engines last passed on {at:%Y-%m-%d %H:%M} UTC, at {commit}.")
    return run_engine_tests(layout) if datetime.now(UTC) - at > _WEEK else 0


def last_passed(layout: Layout) -> tuple[datetime, str] | None:
    """When all tests of engines last passed, and at which commit; None where that is not written down."""
    record = _record(layout)
    if not record.exists():
        return None
    told = json.loads(record.read_text())
    return datetime.fromisoformat(told["at"]), told["commit"]


def _run(layout: Layout, python: Path, tests: Path) -> int | None:
    """How many tests passed; None where one failed, or there is none."""
    with tempfile.TemporaryDirectory(prefix="octavia-tests-") as folder:
        report = Path(folder) / "report.xml"
        command = [str(python), "-m", "pytest", str(tests), f"--junitxml={report}"]
        if subprocess.run(command, cwd=layout.root, check=False).returncode != 0:
            return None
        suites = ElementTree.parse(report).getroot().iter("testsuite")
        return sum(int(suite.get("tests", 0)) - int(suite.get("skipped", 0)) for suite in suites)


def _suites(layout: Layout, names: Sequence[str]) -> Iterator[tuple[str, Path, Path]]:
    """Title, Python and folder of each suite."""
    for name in names:
        if name == _WHOLE:
            yield "whole jobs", Path(sys.executable), layout.root / "tests" / "engines"
            continue
        environment = engine(name)
        service = environment.service or _CLIENTS[name]
        python = environment.python(layout) if environment.service else Path(sys.executable)
        yield name, python, layout.root / "services" / service / "engine_tests"


def _write_down(layout: Layout, passed: dict[str, int]) -> None:
    shown = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=layout.root, capture_output=True, text=True, check=False
    )
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": shown.stdout.strip() or "no commit",
        "passed": passed,
    }
    _record(layout).write_text(json.dumps(told, indent=2) + "\n")


def _record(layout: Layout) -> Path:
    return layout.root / "tests" / "engines" / "last_passed.json"
