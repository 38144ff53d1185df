"""The real services under a steady load, with engines that only take the time that published figures say.

All times run faster than life by `SPEED`: the engines sleep that much less, and jobs come that much more
often. What the services themselves take is not made shorter, so the simulation is harder on them than life.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octavia_local.platform import Platform

from octavia_benchmarks.capacity_model import CHUNK_SECONDS, STAGES, Stage
from octavia_benchmarks.driver import Completed, User

SPEED = 2.0
CHUNKS = 4
"""Chunks of each job: two minutes of speech."""

JOB_SECONDS = CHUNKS * CHUNK_SECONDS
SEED = 20261121


@dataclass(frozen=True)
class Seen:
    """What came of one load, in seconds as in life.

    Attributes:
        jobs: that were begun.
        typical, slowest: median and longest time from a job's begin to its end.
        early, late: median of the first and of the last third of the jobs.
    """

    load: float
    workers: Mapping[str, int]
    jobs: int
    typical: float
    slowest: float
    early: float
    late: float

    @property
    def keeps_up(self) -> bool:
        """Whether jobs that came late took no longer than those that came early: by half at most, for they
        come at random."""
        return self.late < 1.5 * self.early


def settings_of(stages: Sequence[Stage] = STAGES) -> dict[str, dict[str, str]]:
    """Settings by service: how long each engine sleeps."""
    made = {}
    for stage in stages:
        seconds = stage.seconds * (JOB_SECONDS if stage.service == "assembler" else 1) / SPEED
        made[stage.service] = {"TIMED_ENGINE_SECONDS": f"{seconds:.4f}"}
    return made


def arrivals(load: float, seconds: float, seed: int = SEED) -> list[float]:
    """Moments within `seconds` at which jobs come, at random: of `load` hours of video an hour."""
    rate = load / JOB_SECONDS * SPEED
    source = random.Random(seed)
    moments, at = [], 0.0
    while (at := at + source.expovariate(rate)) < seconds:
        moments.append(at)
    return moments


async def simulate(
    user: User, sources: Sequence[Path], load: float, workers: Mapping[str, int], seconds: float
) -> Seen:
    """Let jobs come for `seconds` of the simulation, and wait for all of them.

    Raises JobNotCompletedError where one fails.
    """
    moments = arrivals(load, seconds)
    jobs = [await user.prepare(source) for source, _ in zip(sources, moments, strict=False)]
    began = time.perf_counter()

    async def one(job_id: str, at: float) -> Completed:
        await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
        return await user.run(job_id)

    done = await asyncio.gather(*(one(job, at) for job, at in zip(jobs, moments, strict=True)))
    times = [each.seconds * SPEED for each in done]
    third = max(1, len(times) // 3)
    return Seen(
        load,
        dict(workers),
        len(times),
        statistics.median(times),
        max(times),
        statistics.median(times[:third]),
        statistics.median(times[-third:]),
    )


def set_workers(
    platform: Platform, workers: Mapping[str, int], of_service: Mapping[str, Mapping[str, str]]
) -> None:
    """Let each service have so many processes: more are started, those too many are stopped in good order."""
    for name, wanted in workers.items():
        running = platform.services[name]
        for service in running[wanted:]:
            service.process.stop(grace=25.0)
        del running[wanted:]
        for index in range(len(running), wanted):
            platform.add(name, index, of_service[name])
        platform.revive(name)
