"""Uploads beside a client that writes straight to the store."""

import asyncio
import os
from statistics import median

from octavia_common.artifacts.client import S3Client
from octavia_local.api import Api
from octavia_local.own_servers import OwnServers
from octavia_local.settings import SERVICES

from octavia_benchmarks.results import Figure, higher_is_better
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import make_platform, servers
from octavia_benchmarks.upload_clients import (
    MIB,
    Connection,
    Source,
    upload_by_addresses,
    upload_directly,
    upload_through,
)

AIM_THROUGH, AIM_SIGNED = 0.8, 0.97
_LENGTH, _QUICK_LENGTH = 256 * MIB, 24 * MIB
_ROUNDS, _QUICK_ROUNDS = 5, 1
GATEWAY_ALONE = {name: int(name == "gateway") for name in SERVICES}
SILENT = {"LOG_LEVEL": "ERROR"}  # a log is written to a disk too


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """The same file by three ways in turns, on one store."""
    with servers() as on:
        video = next(Sources(on.directory / "sources").some(1)).read_bytes()
        return await _speeds(on, video, quick=quick)


async def _speeds(on: OwnServers, video: bytes, *, quick: bool) -> tuple[list[Figure], list[str]]:
    length, rounds = (_QUICK_LENGTH, _QUICK_ROUNDS) if quick else (_LENGTH, _ROUNDS)
    source = Source(video, length, memoryview(os.urandom(16 * MIB)))
    with make_platform(on, SILENT, workers=GATEWAY_ALONE) as platform:
        token = await token_of(platform.url)
        times = await asyncio.to_thread(_compared, on, platform.url, token, source, rounds)
    direct, through, signed, usable = (length / MIB / median(each) for each in zip(*times, strict=True))
    notes = [
        f"uploads: {rounds} rounds of {length // MIB} MiB, median; one connection and parts of 8 MiB each. "
        f"Through the gateway ends with the file hashed and probed; signed parts end with the object whole "
        f"and taken, and are a file, read again and hashed, at {usable:.0f} MiB/s."
    ]
    return [
        higher_is_better("upload_through", through, "MiB/s", baseline=direct, target=AIM_THROUGH),
        higher_is_better("upload_signed", signed, "MiB/s", baseline=direct, target=AIM_SIGNED),
    ], notes


def _compared(
    on: OwnServers, url: str, token: str, source: Source, rounds: int
) -> list[tuple[float, float, float, float]]:
    """Seconds of each round: direct, through the gateway, by signed parts, and these until usable."""
    s3 = S3Client(on.s3.address, on.s3.access_key, on.s3.secret_key, "octavia")
    times = []
    for turn in range(-1, rounds):  # the first one warms up
        store, gateway = Connection(on.s3.address), Connection(url, {"Authorization": f"Bearer {token}"})
        direct = upload_directly(s3, store, f"direct/{turn}", source)
        through, first = upload_through(gateway, source)
        signed, usable, second = upload_by_addresses(gateway, store, source)
        if turn >= 0:
            times.append((direct, through, signed, usable))
        s3.minio.remove_object("octavia", f"direct/{turn}")
        for file_id in (first, second):
            gateway.request("DELETE", f"/api/v1/files/{file_id}")
        store.close()
        gateway.close()
    return times


async def token_of(url: str) -> str:
    """An access token of a new user."""
    async with Api(url) as api:
        await api.register()
        return str(api.http.headers["Authorization"]).partition(" ")[2]
