"""How long one small job takes on an idle stack whose engines take no time."""

from octavia_benchmarks.driver import user_of
from octavia_benchmarks.results import Figure, at_most, percentile
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import NO_ENGINES, make_platform, servers

AIM_MS = 300.0
_JOBS, _QUICK_JOBS = 30, 5
_WARM_UP = 5
"""Jobs before the first that counts: connections are made and the servers' code is compiled."""


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """One job after another, each on a source of its own, from `process` to `completed` as SSE tells it."""
    count = _QUICK_JOBS if quick else _JOBS
    with servers() as on, make_platform(on, NO_ENGINES) as platform:
        sources = Sources(on.directory / "sources")
        async with user_of(platform.url) as user:
            jobs = [await user.prepare(source) for source in sources.some(_WARM_UP + count)]
            times = [(await user.run(job)).seconds * 1000 for job in jobs][_WARM_UP:]
    p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
    note = (
        f"latency: {count} jobs, fastest {min(times):.0f} ms, p95 {p95:.0f} ms, slowest {max(times):.0f} ms."
    )
    return [at_most("latency_p50", p50, "ms", AIM_MS)], [note]
