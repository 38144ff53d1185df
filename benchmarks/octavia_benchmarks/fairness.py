"""What a small job loses to a large one: its time beside another user's 400 chunks, and alone."""

import asyncio
import statistics

from octavia_benchmarks.driver import User, user_of
from octavia_benchmarks.results import Figure, lower_is_better
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import NO_ENGINES, make_platform, servers

MOST_TIMES = 3.0
"""The small job may take so many times as long as on an idle stack."""

_CHUNKS, _QUICK_CHUNKS = 400, 40
_JOBS, _QUICK_JOBS = 7, 1
_CHUNK_SECONDS = 0.2
_ENGINE_SECONDS = 0.5
_UNDERWAY_SECONDS = 8.0
"""The large job runs for so long before the first small one comes: its chunks are in all stages."""


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """One small job after another, first alone, then beside the large one."""
    chunks = _QUICK_CHUNKS if quick else _CHUNKS
    count = _QUICK_JOBS if quick else _JOBS
    settings = {
        **NO_ENGINES,
        "TIMED_ENGINE_SECONDS": str(_ENGINE_SECONDS),
        "TIMED_CHUNK_SECONDS": str(_CHUNK_SECONDS),
    }
    of_service = {"assembler": {"TIMED_ENGINE_SECONDS": "0"}}
    with servers() as on, make_platform(on, settings, of_service=of_service) as platform:
        small = Sources(on.directory / "small", seconds=_CHUNK_SECONDS)
        (large,) = Sources(on.directory / "large", seconds=chunks * _CHUNK_SECONDS).some(1)
        async with user_of(platform.url) as rich, user_of(platform.url) as poor:
            await _seconds(poor, small, 2)  # warms up
            alone = await _seconds(poor, small, count)
            job = await rich.prepare(large)
            running = asyncio.create_task(rich.run(job))
            await asyncio.sleep(_UNDERWAY_SECONDS)
            beside = await _seconds(poor, small, count)
            over = running.done()
            if not over:
                await rich.api.call("POST", f"/api/v1/jobs/{job}/cancel")
            await asyncio.gather(running, return_exceptions=True)
    note = (
        f"fairness: medians of {count} small jobs; alone {min(alone):.2f} to {max(alone):.2f} s, beside "
        f"{chunks} chunks {min(beside):.2f} to {max(beside):.2f} s"
        + (" (the large job had ended before the last of them)." if over else ".")
    )
    figure = lower_is_better(
        "fairness_beside_400",
        statistics.median(beside),
        "s",
        baseline=statistics.median(alone),
        target=round(1 / MOST_TIMES, 2),
    )
    return [figure], [note]


async def _seconds(user: User, sources: Sources, count: int) -> list[float]:
    jobs = [await user.prepare(source) for source in sources.some(count)]
    return [(await user.run(job)).seconds for job in jobs]
