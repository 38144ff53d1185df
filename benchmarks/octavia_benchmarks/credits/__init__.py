"""Reserving and capturing credits, beside pgbench doing the two statements one by one on the same server."""

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from octavia_billing.audit import AuditReport, audit
from octavia_billing.repositories.audit import AuditRepository
from octavia_billing.settings import BillingSettings
from octavia_common.database import Database
from octavia_common.migrations import migrate
from octavia_local.errors import LocalError
from octavia_local.ports import free_port
from octavia_local.servers import PostgresServer
from octavia_local.servers.postgres import remove_data_outside

from octavia_benchmarks.credits import pgbench
from octavia_benchmarks.credits.replica import Done, Task, fund
from octavia_benchmarks.results import Figure, at_most, higher_is_better, percentile

ACCOUNTS = 10_000
REPLICAS = 2
"""As many as the machine has cores at least; they share them with PostgreSQL."""

UNIFORM_TARGET, HOT_TARGET, HOT_TO_UNIFORM_TARGET, P99_MS = 1.5, 5.0, 0.8, 15.0

_SECONDS, _QUICK_SECONDS = 8.0, 2.0
_MOST_PAIRS_A_SECOND = 5000
"""Of one replica: so many jobs are made ahead for each second."""


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """pgbench and billing in turn over all accounts, then on one, then billing at half of its rate."""
    seconds = _QUICK_SECONDS if quick else _SECONDS
    batch = int(BillingSettings.model_fields["billing_batch"].default)
    with _server() as url:
        await asyncio.to_thread(migrate, url, "billing", _migrations())
        await fund(url, ACCOUNTS)
        await asyncio.to_thread(pgbench.install, url)
        return await _figures(url, batch, seconds)


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """URL of a fresh PostgreSQL, gone with all it kept when the block is left."""
    with tempfile.TemporaryDirectory(prefix="octavia-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL runs as another user than root
        server = PostgresServer(directory / "postgres", free_port())
        try:
            server.start()
            yield server.address
        finally:
            server.stop()
            remove_data_outside(directory / "postgres")


async def _figures(url: str, batch: int, seconds: float) -> tuple[list[Figure], list[str]]:
    figures: list[Figure] = []
    rates: dict[str, float] = {}
    notes = [f"credits: {REPLICAS} replicas of billing, at most {batch} events a transaction."]
    for name, accounts, target in (("uniform", ACCOUNTS, UNIFORM_TARGET), ("hot", 1, HOT_TARGET)):
        baseline, clients = await asyncio.to_thread(
            pgbench.pairs_a_second, url, accounts=accounts, seconds=int(seconds)
        )
        rates[name] = _rate(await _run(url, accounts, batch, seconds))
        print(f"  {name}: {rates[name]:.0f} pairs/s, pgbench {baseline:.0f}", flush=True)
        figures.append(
            higher_is_better(f"credits_{name}", rates[name], "pairs/s", baseline=baseline, target=target)
        )
        notes.append(f"credits: {name}: pgbench is quickest with {clients} clients.")
    figures.append(
        higher_is_better(
            "credits_hot_to_uniform",
            rates["hot"],
            "pairs/s",
            baseline=rates["uniform"],
            target=HOT_TO_UNIFORM_TARGET,
        )
    )
    at_half = await _run(url, ACCOUNTS, batch, seconds, rate=rates["uniform"] / 2)
    times = [each for done in at_half for each in done.milliseconds]
    figures.append(at_most("credits_half_load_p99", percentile(times, 0.99), "ms", P99_MS))
    notes.append(
        f"credits: at half load ({_rate(at_half):.0f} pairs/s), from a job's arrival until its credits are "
        f"captured: p50 {percentile(times, 0.5):.1f} ms, slowest {max(times):.1f} ms."
    )
    report = await _audit(url)
    if not report.sound:
        raise LocalError(f"The ledger does not agree with itself: {report.differences[:5]}")
    notes.append(f"credits: `octavia ledger verify` finds all {report.totals['lines']} lines sound after it.")
    return figures, notes


async def _run(
    url: str, accounts: int, batch: int, seconds: float, *, rate: float | None = None
) -> Sequence[Done]:
    """All replicas at once; `rate` is that of all together."""
    share = None if rate is None else rate / REPLICAS
    pairs = int(seconds * (_MOST_PAIRS_A_SECOND if share is None else share * 1.2))
    tasks = [Task(url, number, accounts, batch, pairs, seconds, share) for number in range(REPLICAS)]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "octavia_benchmarks.credits.worker",
            json.dumps(asdict(task)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 26,
        )
        for task in tasks
    ]
    try:
        async with asyncio.timeout(seconds + 120):
            for process in processes:
                assert process.stdout is not None
                if await process.stdout.readline() != b"ready\n":
                    raise LocalError("A replica of billing did not start.")
            answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if any(process.returncode for process in processes):
        raise LocalError("A replica of billing failed; what it said stands above.")
    return [Done(**json.loads(said)) for said, _ in answers]


def _rate(each: Sequence[Done]) -> float:
    return sum(done.pairs for done in each) / max(done.seconds for done in each)


async def _audit(url: str) -> AuditReport:
    database = Database(url, schema="billing", pool_size=1)
    await database.open()
    try:
        async with database.pool.acquire() as connection:
            return await audit(connection, AuditRepository())
    finally:
        await database.close()


def _migrations() -> Path:
    return Path(str(files("octavia_billing").joinpath("migrations")))
