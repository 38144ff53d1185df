"""What must hold of the credits after anything has happened."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from octavia_local.api import Api
from octavia_local.platform import Platform


def verify_ledger(platform: Platform) -> None:
    """`octavia ledger verify`: entries sum to zero, balances equal their entries, holds resolved once."""
    result = subprocess.run(
        [str(Path(sys.executable).with_name("octavia")), "ledger", "verify"],
        env={**os.environ, **platform.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, f"{result.stdout}{result.stderr}"


async def lines_of(user: Api, job_id: str) -> Counter[str]:
    """How often each kind of line stands in the user's history for one job."""
    return Counter(line["kind"] for line in await user.history() if line["job_id"] == job_id)


async def assert_paid_once(user: Api, job: dict[str, Any]) -> None:
    """The job's credits were held once and captured once; nothing is held any more."""
    assert await lines_of(user, job["id"]) == Counter(reserve=1, capture=1)
    assert (await user.credits())["held"] == 0


async def assert_refunded_once(user: Api, job: dict[str, Any]) -> None:
    """The job's credits were held once and came back once."""
    assert await lines_of(user, job["id"]) == Counter(reserve=1, release=1)
    assert (await user.credits())["held"] == 0
