"""`make capacity`: how many workers keep up with so many hours of video an hour, and what they cost.

Writes docs/capacity.md: the plan is arithmetic on published figures (`capacity_model`), and the real services
show in a simulation that it holds, and that with half of the workers of one stage it does not.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from octavia_common.topics import SPREAD
from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.signals import Stopped, signals_as_exception

from octavia_benchmarks import capacity_model as model
from octavia_benchmarks.capacity_model import FAST_SPEECH, STAGES, Plan, Prices, TooFewPartitionsError, plan
from octavia_benchmarks.capacity_simulation import (
    CHUNKS,
    SPEED,
    Seen,
    arrivals,
    set_workers,
    settings_of,
    simulate,
)
from octavia_benchmarks.driver import JobNotCompletedError, User, user_of
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import NO_ENGINES, make_platform, servers

LOADS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0)
"""Hours of video an hour, in the table."""

SIMULATED = (5.0, 10.0)
QUICK = (2.0,)
TOO_FEW = "synthesizer"
"""The stage that is halved to see that it is missed."""

_FAST = tuple(FAST_SPEECH if stage.service == FAST_SPEECH.service else stage for stage in STAGES)


def main() -> int:
    """Plan, simulate, print and write the page; 0 when all of it was done, whatever came out."""
    parser = argparse.ArgumentParser(prog="octavia-capacity", description=__doc__)
    parser.add_argument("--gpu-hour", type=float, default=Prices.gpu, help="US dollars for a GPU and hour")
    parser.add_argument("--core-hour", type=float, default=Prices.core, help="US dollars for a core and hour")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each simulation")
    parser.add_argument("--plan-only", action="store_true", help="leave the simulation out, and say so")
    parser.add_argument("--quick", action="store_true", help="see that it works; the page is not written")
    arguments = parser.parse_args()
    prices = Prices(arguments.gpu_hour, arguments.core_hour)
    try:
        with signals_as_exception():
            loads = QUICK if arguments.quick else SIMULATED
            seen = [] if arguments.plan_only else asyncio.run(simulations(loads, arguments.seconds))
    except (LocalError, JobNotCompletedError) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped; nothing was written", file=sys.stderr)
        return 130
    text = page(prices, seen)
    print(text)
    if not arguments.quick:
        (Layout.default().root / "docs" / "capacity.md").write_text(text)
    return 0


async def simulations(loads: Sequence[float], seconds: float) -> list[Seen]:
    """Each load with the workers that the plan gives it, and the last one with half of one stage's."""
    of_service = settings_of()
    cases = [(load, dict(plan(load).workers)) for load in loads]
    load, workers = cases[-1]
    cases.append((load, {**workers, TOO_FEW: max(1, workers[TOO_FEW] // 2)}))
    settings = {
        **NO_ENGINES,
        "TIMED_CHUNKS": str(CHUNKS),
        "KAFKA_MOST_PARTITIONS": str(SPREAD),
        "DATABASE_POOL_SIZE": "2",
        "JOB_DEADLINE_SECONDS": "3600",
    }
    seen = []
    with (
        servers() as on,
        make_platform(
            on, settings, workers={"videogen": 0, **cases[0][1]}, of_service=of_service
        ) as platform,
    ):
        sources = Sources(on.directory / "sources")
        async with user_of(platform.url) as user:
            for load, workers in cases:
                await asyncio.to_thread(set_workers, platform, workers, of_service)
                await _warm(user, sources)
                jobs = list(sources.some(len(arrivals(load, seconds))))
                print(f"Simulating {load:g} hours of video an hour with {workers}", flush=True)
                seen.append(await simulate(user, jobs, load, workers, seconds))
    return seen


async def _warm(user: User, sources: Sources) -> None:
    """One job through all stages, so that the groups have shared out their partitions."""
    (source,) = sources.some(1)
    await user.run(await user.prepare(source))


PAGE = """\
# Capacity

How many workers of each stage keep up with so many hours of video an hour, in one target language, and what
that costs. Made by `make capacity`; the prices are options of it.

## The plan

A stage keeps up while its workers are busy for at most {busy:.0%} of their time. A chunk has {chunk:.0f} s of
video.

{stages}

With **XTTS v2**, at {gpu:.2f} $ for a GPU and hour and {core:.2f} $ for a core and hour:

{plans}

With **VITS**, one voice a model and no cloning:

{fast_plans}

Chunk topics have {partitions} partitions, and a partition has one worker: who has most partitions sets the
pace, so 13 to 23 workers do no more than 12, and KEDA goes from one divisor to the next
(`ensureEvenDistributionOfPartitions`). Where the table says *partitions*, raise `SPREAD` in
`octavia_common.topics`. Each further target language is the same load once more for all stages but the
transcriber. At a load below 1 the GPUs idle for most of the time: that is what scaling to zero is for.

## The simulation

The plan says nothing of queues, of chance, and of the platform's own work. So the real services (gateway,
Kafka, PostgreSQL, S3, all stages) are run with engines that sleep what the table says, {speed:g} times
faster than life, while jobs of two minutes come at random. Times are as in life.

{simulated}
"""

VERDICT = """\
A load is kept up with where jobs that come late take no longer than those that come early. A job alone takes
{alone:.0f} s of its engines' time. The services' own time is not made shorter, so {speed:g} times of it is in
every figure: {processes} processes on {cores} cores.
"""


def page(prices: Prices, seen: Sequence[Seen]) -> str:
    """docs/capacity.md."""
    return PAGE.format(
        busy=model.BUSY,
        chunk=model.CHUNK_SECONDS,
        stages="\n".join(_stages()),
        gpu=prices.gpu,
        core=prices.core,
        plans="\n".join(_plans(STAGES, prices)),
        fast_plans="\n".join(_plans(_FAST, prices)),
        partitions=SPREAD,
        speed=SPEED,
        simulated=_simulation(seen) if seen else "Not made yet: `make capacity` does.",
    )


def _simulation(seen: Sequence[Seen]) -> str:
    verdict = VERDICT.format(
        alone=_alone(),
        speed=SPEED,
        processes=max(sum(one.workers.values()) for one in seen) + 2,
        cores=len(os.sched_getaffinity(0)),
    )
    return "\n".join([*_simulated(seen), "", verdict.rstrip()])


def _alone() -> float:
    """Engine time of one job with workers enough: its chunks at once through three stages, then assembled."""
    seconds = {stage.service: stage.seconds for stage in STAGES}
    chunk = sum(seconds[name] for name in ("transcriber", "translator", "synthesizer"))
    return chunk + seconds["assembler"] * CHUNKS * model.CHUNK_SECONDS


def _stages() -> list[str]:
    rows = [
        f"| {stage.service} | {stage.engine} | {stage.seconds:.2f} s | {stage.source} |"
        for stage in (*STAGES, FAST_SPEECH)
    ]
    return ["| stage | engine | a piece takes | from |", "|---|---|---|---|", *rows]


def _plans(stages: tuple[model.Stage, ...], prices: Prices) -> list[str]:
    names = [stage.service for stage in stages]
    head = f"| hours an hour | {' | '.join(names)} | vLLM | GPUs | $ an hour | $ for an hour of video |"
    lines = [head, "|" + "---|" * (len(names) + 5)]
    for load in LOADS:
        try:
            made: Plan = plan(load, stages)
        except TooFewPartitionsError:
            lines.append(f"| {load:g} | " + " | ".join(["partitions"] * (len(names) + 4)) + " |")
            continue
        cost = made.dollars_an_hour(prices)
        workers = " | ".join(str(made.workers[name]) for name in names)
        lines.append(f"| {load:g} | {workers} | {made.vllm} | {made.gpus} | {cost:.2f} | {cost / load:.2f} |")
    return lines


def _simulated(seen: Sequence[Seen]) -> list[str]:
    names = [stage.service for stage in STAGES]
    lines = [
        f"| hours an hour | {' | '.join(names)} | jobs | median | slowest | first third | last third "
        "| keeps up |",
        "|" + "---|" * (len(names) + 7),
    ]
    for one in seen:
        workers = " | ".join(str(one.workers[name]) for name in names)
        times = " | ".join(f"{t:.0f} s" for t in (one.typical, one.slowest, one.early, one.late))
        verdict = "yes" if one.keeps_up else "**no**"
        lines.append(f"| {one.load:g} | {workers} | {one.jobs} | {times} | {verdict} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
