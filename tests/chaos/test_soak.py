"""Steady load: when it goes on for long, memory and the events that wait stay where they were.

`make soak` runs half an hour of it (`MINUTES=…`); tests see in half a minute that nothing grows in leaps.
"""

import asyncio
import os
import statistics
import time
from pathlib import Path

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform

from .conftest import Videos
from .invariants import assert_accounts_in_order, assert_books_balance, settled
from .lag import LagMeter
from .traffic import Customer

SECONDS = float(os.environ.get("SOAK_MINUTES", "0.4")) * 60
EVERY_SECONDS = 2.0
USERS = 4
WARM_UP = 0.4
"""Share of the run before memory counts: code is loaded, pools and caches fill."""

MOST_GROWTH_MIB = 24.0
"""From the median of the first third after the warm-up to that of the last: a leak of 10 KiB a job is more in
half an hour (about 3,600 jobs); what allocators do to and fro is less."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240 + 2 * SECONDS)]


def memory_mib(platform: Platform) -> dict[str, float]:
    """Memory of each process of a service now, without what it shares with others."""
    sizes = {}
    for service in platform.all():
        status = Path(f"/proc/{service.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
        sizes[service.process.name] = int(line.split()[1]) / 1024
    return sizes


async def test_memory_and_lag_stay_flat(platform: Platform, videos: Videos, tmp_path: Path) -> None:
    meter = LagMeter(platform.environment["KAFKA_BOOTSTRAP_SERVERS"])
    customers = [Customer(await Api(platform.url).register(), f"soak/{number}") for number in range(USERS)]
    stop = asyncio.Event()
    memory: list[dict[str, float]] = []
    lags: list[int] = []
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for customer in customers:
            group.create_task(customer.work([videos.of(1), videos.of(3)], stop, every=EVERY_SECONDS))
        while time.monotonic() - began < SECONDS:
            await asyncio.sleep(max(1.0, SECONDS / 100))
            if time.monotonic() - began > WARM_UP * SECONDS:
                memory.append(memory_mib(platform))
                lags.append(sum((await meter.by_group()).values()))
        stop.set()
    took = await settled(customers, meter, within=max(30.0, SECONDS))
    for customer in customers:
        ended = await assert_accounts_in_order(customer, tmp_path)
        assert not ended["failed"], ended
        await customer.api.http.aclose()
    assert_books_balance(platform)

    third = max(1, len(memory) // 3)
    growth = {
        name: statistics.median(sample[name] for sample in memory[-third:])
        - statistics.median(sample[name] for sample in memory[:third])
        for name in memory[0]
    }
    begun = sum(len(customer.begun) for customer in customers)
    print(f"{begun} jobs in {SECONDS:.0f} s, settled {took:.1f} s later; growth in MiB {growth}; lag {lags}")
    assert max(growth.values()) < MOST_GROWTH_MIB, growth
    # A queue that grows with time is longer at the end than it was, by more than its own ups and downs.
    first, last = lags[:third], lags[-third:]
    assert statistics.median(last) <= max(first) + USERS * 10, lags
