"""What `make test-engines` makes of its suites, and when it is their turn again."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from octavia_local import engine_tests
from octavia_local.engines import ENGINES, EngineEnvironment
from octavia_local.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "tests" / "engines").mkdir(parents=True)
    return Layout(tmp_path, tmp_path / ".octavia")


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> dict[str, int | None]:
    """How many tests pass by folder; None is a failure. Two engines and the whole job."""
    two = (EngineEnvironment("faster-whisper", "transcriber", gib=1), EngineEnvironment("vllm", None, gib=1))
    made: dict[str, int | None] = {"transcriber": 3, "translator": 2, "engines": 1}

    def run(_: Layout, python: Path, tests: Path) -> int | None:
        return made[tests.name if tests.name == "engines" else tests.parent.name]

    monkeypatch.setattr(engine_tests, "ENGINES", two)
    monkeypatch.setattr(engine_tests, "_run", run)
    return made


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("import pytest\ndef test_a(): pass\n@pytest.mark.skip\ndef test_b(): pass\n", 1),
        ("def test_it(): assert False\n", None),
        ("# no test at all\n", None),
    ],
)
def test_what_passed_is_counted_and_a_suite_without_tests_is_a_failure(
    layout: Layout, content: str, count: int | None
) -> None:
    folder = layout.root / "suite"
    folder.mkdir()
    (folder / "test_it.py").write_text(content)
    assert engine_tests._run(layout, Path(sys.executable), folder) == count


def test_a_run_of_all_that_passed_is_written_down(layout: Layout, outcomes: dict[str, int | None]) -> None:
    assert engine_tests.last_passed(layout) is None
    assert engine_tests.run_engine_tests(layout) == 0
    told = json.loads((layout.root / "tests/engines/last_passed.json").read_text())
    assert told["passed"] == {"faster-whisper": 3, "vllm": 2, "whole jobs": 1}
    assert engine_tests.last_passed(layout) is not None


def test_one_failure_is_a_failure_of_all(layout: Layout, outcomes: dict[str, int | None]) -> None:
    outcomes["translator"] = None
    assert engine_tests.run_engine_tests(layout) == 1
    assert engine_tests.last_passed(layout) is None


def test_a_part_that_passed_is_not_the_whole(layout: Layout, outcomes: dict[str, int | None]) -> None:
    assert engine_tests.run_engine_tests(layout, ["platform"]) == 0
    assert engine_tests.last_passed(layout) is None


@pytest.mark.parametrize(("days", "runs"), [(6, False), (8, True)])
def test_once_a_week_they_run_again(
    layout: Layout, outcomes: dict[str, int | None], days: int, runs: bool
) -> None:
    record = layout.root / "tests/engines/last_passed.json"
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    record.write_text(json.dumps({"at": before, "commit": "abc1234"}))
    assert engine_tests.run_weekly(layout) == 0
    assert (json.loads(record.read_text())["commit"] != "abc1234") is runs


def test_every_engine_with_an_environment_has_tests_and_so_has_the_whole() -> None:
    names = [*(each.name for each in ENGINES), "platform"]
    suites = list(engine_tests._suites(Layout.default(), names))
    assert len(suites) == len(names)
    for title, _, tests in suites:
        assert any(tests.glob("test_*.py")), title
