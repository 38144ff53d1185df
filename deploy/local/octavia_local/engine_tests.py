"""`make test-engines`: the tests of heavy engines, each by the Python of its environment, then whole jobs."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from octavia_local.engines import ENGINES, engine
from octavia_local.layout import Layout
from octavia_local.toolchain import say

# Who talks to a server instead of loading the engine; its tests run in the platform's environment.
_CLIENTS = {"vllm": "translator"}
_WHOLE = "platform"


def run_engine_tests(layout: Layout, names: Sequence[str] = ()) -> int:
    """Run them all, or those named: engines, and `platform` for whole jobs. 0 where all passed.

    Raises:
        LocalError: no engine of that name has an environment.
    """
    failed = []
    for title, python, tests in _suites(layout, names or [*(each.name for each in ENGINES), _WHOLE]):
        say(f"Tests of {title}: {tests.relative_to(layout.root)}")
        # A folder without tests (5) is a suite that is missing, not one that passed.
        if subprocess.run([str(python), "-m", "pytest", str(tests)], cwd=layout.root, check=False).returncode:
            failed.append(title)
    say(f"Failed: {', '.join(failed)}" if failed else "All tests of engines passed")
    return 1 if failed else 0


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
