"""What more workers bring: the wall time of one long job with 1, 2, 4 and 8 processes of each stage."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from octavia_local.platform import Platform

from octavia_benchmarks.driver import User, user_of
from octavia_benchmarks.results import Figure, lower_is_better
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import NO_ENGINES, make_platform, servers

TARGET = 6.0
_STAGES = ("transcriber", "translator", "synthesizer")
_GROUPS = ("transcriber.recogniser", "translator", "synthesizer")
_CHUNKS, _QUICK_CHUNKS = 60, 12
_WORKERS, _QUICK_WORKERS = (1, 2, 4, 8), (1, 2)


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """One platform that grows: at each size, when every worker has its partitions, one job."""
    chunks = _QUICK_CHUNKS if quick else _CHUNKS
    sizes = _QUICK_WORKERS if quick else _WORKERS
    settings = {
        **NO_ENGINES,
        "TIMED_ENGINE_SECONDS": "1",
        "TIMED_CHUNKS": str(chunks),
        # The window holds a job back so that others get through. This one is to have all workers.
        "CHUNK_WINDOW": str(chunks),
    }
    # What is measured are the three stages of chunks: the assembly of the one language takes no time.
    of_service = {"assembler": {"TIMED_ENGINE_SECONDS": "0"}}
    with servers() as on, make_platform(on, settings, of_service=of_service) as platform:
        sources = Sources(on.directory / "sources")
        times: dict[int, float] = {}
        async with user_of(platform.url) as user:
            for size in sizes:
                await asyncio.to_thread(_grow, platform, size)
                await _settled(on.kafka.address, size)
                times[size] = await _seconds(user, sources)
    alone = times[1]
    figures = [
        lower_is_better(
            f"scaling_{size}_workers", times[size], "s", baseline=alone, target=TARGET if size == 8 else None
        )
        for size in sizes
        if size > 1
    ]
    note = (
        f"scaling: {chunks} chunks, three stages of 1 s a chunk; CHUNK_WINDOW={chunks}, so that all workers "
        f"have work. One worker a stage takes {alone:.1f} s; the least that can be is "
        f"{_least(chunks, 1):.0f} s with 1 worker"
        + "".join(f", {_least(chunks, size):.0f} s with {size}" for size in sizes if size > 1)
        + "."
    )
    return figures, [note]


def _least(chunks: int, workers: int) -> float:
    """Seconds that the engines alone need: the last chunk goes through two more stages."""
    return -(-chunks // workers) + 2.0


async def _seconds(user: User, sources: Sources) -> float:
    (source,) = sources.some(1)
    return (await user.run(await user.prepare(source))).seconds


def _grow(platform: Platform, size: int) -> None:
    for name in _STAGES:
        for index in range(len(platform.services[name]), size):
            platform.add(name, index, {})
        platform.revive(name)


async def _settled(kafka: str, members: int) -> None:
    """Wait until each stage's partitions are shared out among all of its workers."""
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        async with asyncio.timeout(60):
            while not await _stable(client, members):  # noqa: ASYNC110 - Kafka tells nobody
                await asyncio.sleep(0.5)
    finally:
        await client.close()


async def _stable(client: AIOKafkaAdminClient, members: int) -> bool:
    for name in _GROUPS:
        # One at a time: aiokafka 0.14 misreads what follows the first group of an answer.
        (answer,) = await client.describe_consumer_groups([name])
        # A group: error code, name, state, protocol type, protocol, members, …
        (group,) = answer.groups
        if group[2] != "Stable" or len(group[5]) != members:
            return False
    return True
