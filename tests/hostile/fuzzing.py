"""schemathesis on a running platform: what its OpenAPI document allows, and much that it does not."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)

_NEVER_ENDS = "/events$"
"""Event streams stay open by design, and schemathesis waits for the end of each answer. What begins one is
attacked in test_bombs and test_matrix."""


FUZZING = "fuzzing,stateful"
"""Calls drawn at random, and sequences of calls that hand each other ids, by halves of the time."""

COVERAGE = "examples,coverage"
"""Each parameter at and beyond its bounds, one by one: takes minutes, and is the same in each run."""


def fuzz(url: str, video: Path, *, phases: str, seconds: int, seed: int, folder: Path) -> str:
    """Attack the gateway at `url` for `seconds`; what schemathesis said.

    Raises:
        AssertionError: an answer of 500 or above, or outside its schema; with all of them.
    """
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{url}/openapi.json", "--no-color"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", phases),
        *("--exclude-path-regex", _NEVER_ENDS),
        *("--max-time", str(seconds), "--seed", str(seed), "--continue-on-failure"),
        *("--request-timeout", "30", "--suppress-health-check", "all", "--generation-database", "none"),
        *("--output-truncate", "false", "--warnings", "off"),
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "fuzz_hooks",
        "OCTAVIA_FUZZ_URL": url,
        "OCTAVIA_FUZZ_VIDEO": str(video),
        "OCTAVIA_FUZZ_SEED": str(seed),
    }
    result = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds * 2 + 120,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-60_000:]
    return result.stdout
