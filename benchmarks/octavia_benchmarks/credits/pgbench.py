"""The baseline: pgbench, PostgreSQL's own benchmark, reserves and captures by one call after another."""

import re
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

import psycopg
from octavia_local.errors import LocalError
from octavia_local.servers.postgres import find_binaries

from octavia_benchmarks.credits.accounts import ACCOUNT_SQL, PRICE

CLIENTS = (8, 16, 32)
"""Connections at once; pgbench is given whichever it is quickest with."""

_SCRIPT = f"""\\set account random(1, :accounts)
SELECT reserve({ACCOUNT_SQL.format(number=":account")}, {PRICE}) AS hold \\gset
SELECT capture(:hold);
"""


def install(url: str) -> None:
    """Make the two functions, and tables like billing's with the accounts that billing has."""
    text = files("octavia_benchmarks.credits").joinpath("baseline.sql").read_text()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())
        connection.execute("VACUUM ANALYZE pgbench.accounts, pgbench.grants")


def pairs_a_second(url: str, *, accounts: int, seconds: int) -> tuple[float, int]:
    """The rate over the first `accounts` accounts, and the number of clients that reached it.

    Raises:
        LocalError: pgbench is missing, or a statement failed.
    """
    trial = max(2, seconds // 4)
    best = max(CLIENTS, key=lambda clients: _run(url, accounts, clients, trial))
    return _run(url, accounts, best, seconds), best


def _run(url: str, accounts: int, clients: int, seconds: int) -> float:
    with tempfile.TemporaryDirectory(prefix="octavia-pgbench-") as directory:
        script = Path(directory) / "pair.sql"
        script.write_text(_SCRIPT)
        command = [
            str(find_binaries() / "pgbench"),
            "--no-vacuum",
            "--protocol",
            "prepared",
            "--file",
            str(script),
        ]
        command += ["--define", f"accounts={accounts}", "--client", str(clients), "--jobs", "2"]
        command += ["--time", str(seconds), f"{url}?options=-csearch_path%3Dpgbench"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None or "ERROR" in done.stderr:
        raise LocalError(f"pgbench failed\n{done.stdout}{done.stderr}")
    return float(found.group(1))
