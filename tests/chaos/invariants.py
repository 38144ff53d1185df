"""What must hold once everything is whole again, whatever happened before."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
from aiokafka.errors import KafkaError
from octavia_local.api import TERMINAL, Api, ApiError
from octavia_local.platform import Platform

from .lag import LagMeter
from .traffic import Customer


async def settled(customers: Sequence[Customer], meter: LagMeter, *, within: float) -> float:
    """Wait until every job has ended and nobody has an event left to read; returns the seconds it took.

    Raises AssertionError with what was left after `within` seconds.
    """
    began = time.monotonic()
    open_jobs = {(customer, job_id) for customer in customers for job_id in customer.begun}
    lag: dict[str, int] = {"unknown": 1}
    while time.monotonic() - began < within:
        try:
            open_jobs -= {pair for pair in open_jobs if await _has_ended(pair[0].api, pair[1])}
            lag = await meter.by_group()
        except (httpx.TransportError, KafkaError, OSError):
            pass  # still on its way up
        except ApiError as error:
            if error.status < 500:
                raise
        if not open_jobs and not lag:
            return time.monotonic() - began
        await asyncio.sleep(0.5)
    states = [await customer.api.job(job_id) for customer, job_id in open_jobs]
    raise AssertionError(f"after {within:.0f} s: events waiting {lag}; jobs that have not ended {states}")


async def _has_ended(api: Api, job_id: str) -> bool:
    return (await api.job(job_id))["status"] in TERMINAL


async def assert_accounts_in_order(customer: Customer, folder: Path) -> Counter[str]:
    """Each hold resolved once, each charge with its result, nothing held; how many jobs ended how."""
    api = customer.api
    lines: dict[str, Counter[str]] = {}
    for line in await api.history():
        if line["job_id"]:
            lines.setdefault(line["job_id"], Counter())[line["kind"]] += 1
    ended: Counter[str] = Counter()
    for job_id in customer.begun:
        job = await api.job(job_id)
        ended[job["status"]] += 1
        found = lines.pop(job_id, Counter())
        if job["status"] == "completed":
            assert found == Counter(reserve=1, capture=1), (job, found)
            await _assert_downloadable(api, job, folder)
        else:
            # A job called off before its credits were held has no line at all.
            assert found in (Counter(reserve=1, release=1), Counter()), (job, found)
    assert not lines, f"lines of jobs that nobody began: {lines}"
    assert (await api.credits())["held"] == 0
    return ended


async def _assert_downloadable(api: Api, job: dict[str, Any], folder: Path) -> None:
    for language in job["target_languages"]:
        path = await api.download(job["id"], language, folder / "result")
        assert path.stat().st_size > 0, job
        path.unlink()


def assert_books_balance(platform: Platform) -> None:
    """`octavia ledger verify`: entries sum to zero, balances equal their entries, holds resolved once."""
    result = octavia(platform, "ledger", "verify")
    assert result.returncode == 0, f"{result.stdout}{result.stderr}"


def assert_nothing_left_to_send(platform: Platform) -> None:
    """The outbox of every service is empty: what was decided was told."""
    with psycopg.connect(platform.environment["DATABASE_URL"], autocommit=True) as connection:
        schemas = [
            row[0]
            for row in connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'outbox'")
        ]
        assert schemas
        for schema in schemas:
            deadline = time.monotonic() + 35  # of one relay killed at its work, once its lease has run out
            while left := connection.execute(f'SELECT count(*) FROM "{schema}".outbox').fetchone()[0]:
                assert time.monotonic() < deadline, f"{schema} has {left} events unsent"
                time.sleep(0.5)


def octavia(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    """An operator's command on this platform."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("octavia")), *arguments],
        env={**os.environ, **platform.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
