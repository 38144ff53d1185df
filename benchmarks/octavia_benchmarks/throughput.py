"""Jobs a second when many come at once, beside a Celery chain that asks the same of the object store."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.own_servers import OwnServers
from octavia_local.platform import Platform
from octavia_local.ports import free_port
from octavia_local.processes import Process

from octavia_benchmarks import traffic
from octavia_benchmarks.celery_chain.settings import Settings
from octavia_benchmarks.driver import User, user_of
from octavia_benchmarks.redis_server import RedisServer
from octavia_benchmarks.results import Figure, higher_is_better
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import NO_ENGINES, make_platform, servers

TARGET = 1.0
_JOBS, _QUICK_JOBS = 200, 20
_USERS = 20
_WARM_UP = 60
_RECORDED = ("transcriber", "translator", "synthesizer", "assembler")
_UPLOADS_AT_ONCE = 4
_BUCKET = "baseline"
_SECONDS = 400


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """The platform first, then, when it is gone, the chain: on one object store after the other."""
    count = _QUICK_JOBS if quick else _JOBS
    with servers() as on:
        steps = await _requests_of_a_job(on)
    with servers() as on, make_platform(on, NO_ENGINES) as platform:
        processes = len(platform.all())
        rate = count / await _platform_seconds(platform, Sources(on.directory / "sources"), count)
    with servers() as on:
        baseline = count / await asyncio.to_thread(_celery_seconds, on, steps, processes, count)
    notes = [
        f"throughput: {count} jobs of {_USERS} users at once; {processes} processes of services, "
        f"{processes} Celery workers.",
        f"throughput: a job asks the object store for {traffic.summary(steps)}; each Celery task "
        "makes the requests of its step.",
    ]
    return [higher_is_better("throughput", rate, "jobs/s", baseline=baseline, target=TARGET)], notes


async def _requests_of_a_job(on: OwnServers) -> dict[str, list[traffic.Request]]:
    """Run one job with a recorder between each stage and the object store."""
    with contextlib.ExitStack() as stack:
        recorders = {name: stack.enter_context(traffic.Recorder(on.s3.address)) for name in _RECORDED}
        of_service = {name: {"S3_ENDPOINT": recorder.address} for name, recorder in recorders.items()}
        platform = stack.enter_context(make_platform(on, NO_ENGINES, of_service=of_service))
        async with user_of(platform.url) as user:
            (source,) = Sources(on.directory / "sources").some(1)
            job = await user.prepare(source)
            for recorder in recorders.values():
                recorder.clear()
            await user.run(job)
        return traffic.by_step({name: recorder.requests() for name, recorder in recorders.items()})


async def _platform_seconds(platform: Platform, sources: Sources, count: int) -> float:
    async with contextlib.AsyncExitStack() as stack:
        users = [await stack.enter_async_context(user_of(platform.url)) for _ in range(_USERS)]
        owners = [users[number % _USERS] for number in range(_WARM_UP + count)]
        gate = asyncio.Semaphore(_UPLOADS_AT_ONCE)

        async def prepare(user: User, source: Path) -> tuple[User, str]:
            async with gate:
                return user, await user.prepare(source)

        paths = list(sources.some(len(owners)))
        jobs = await asyncio.gather(*map(prepare, owners, paths))
        await asyncio.gather(*(user.run(job) for user, job in jobs[:_WARM_UP]))
        done = await asyncio.gather(*(user.run(job, timeout=_SECONDS) for user, job in jobs[_WARM_UP:]))
    return max(job.ended for job in done) - min(job.began for job in done)


def _celery_seconds(
    on: OwnServers, steps: dict[str, list[traffic.Request]], workers: int, count: int
) -> float:
    recorded = on.directory / "traffic.json"
    traffic.write(recorded, steps)
    on.s3.client().make_bucket(_BUCKET)
    with RedisServer(on.directory / "redis", free_port()) as redis:
        settings = Settings(
            redis=redis.address,
            s3_endpoint=on.s3.address,
            access_key=on.s3.access_key,
            secret_key=on.s3.secret_key,
            bucket=_BUCKET,
            traffic=recorded,
        )
        environment = {**os.environ, **settings.environment()}
        with _workers(on.directory / "logs" / "celery.log", environment, workers):
            command = [
                sys.executable,
                "-m",
                "octavia_benchmarks.celery_chain.drive",
                str(_WARM_UP),
                str(count),
            ]
            result = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
    if result.returncode != 0:
        raise LocalError(f"The Celery chain failed\n{result.stderr[-2000:]}")
    return float(result.stdout)


@contextlib.contextmanager
def _workers(log: Path, environment: dict[str, str], count: int) -> Iterator[None]:
    options = ["--concurrency", str(count), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    module = "octavia_benchmarks.celery_chain.app"
    command = [sys.executable, "-m", "celery", "-A", module, "worker", *options]
    process = Process("celery", command, environment=environment, log=log)
    process.start()
    try:
        yield
    finally:
        process.stop()
