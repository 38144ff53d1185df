"""Uploads: beside a client that writes straight to the store, and 40 GiB at once in flat memory."""

import asyncio
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from octavia_common.artifacts.client import S3Client
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_local.settings import SERVICES

from octavia_benchmarks.results import Figure, at_most, higher_is_better
from octavia_benchmarks.s3_sink import sink
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import Servers, make_platform, servers
from octavia_benchmarks.upload_clients import (
    MIB,
    Connection,
    Source,
    UploadFailedError,
    upload_by_addresses,
    upload_directly,
    upload_through,
)

AIM_THROUGH, AIM_SIGNED = 0.8, 0.97
AIM_GROWTH_MIB = 96.0
_LENGTH, _QUICK_LENGTH = 512 * MIB, 24 * MIB
_ROUNDS, _QUICK_ROUNDS = 5, 1
_LARGE, _QUICK_LARGE = 10 * 1024 * MIB, 64 * MIB
_AT_ONCE = 4
_GATEWAY_ALONE = {name: int(name == "gateway") for name in SERVICES}
_SILENT = {"LOG_LEVEL": "ERROR"}  # a log is written to a disk too


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """Speeds on one store; then memory and disk of the gateway over a store that keeps nothing."""
    with servers() as on:
        video = next(Sources(on.directory / "sources").some(1)).read_bytes()
        speeds, told = await _speeds(on, video, quick=quick)
        memory, noted = await _large(on, video, quick=quick)
    return [*speeds, *memory], [*told, *noted]


async def _speeds(on: Servers, video: bytes, *, quick: bool) -> tuple[list[Figure], list[str]]:
    length, rounds = (_QUICK_LENGTH, _QUICK_ROUNDS) if quick else (_LENGTH, _ROUNDS)
    source = Source(video, length, memoryview(os.urandom(16 * MIB)))
    with make_platform(on, _SILENT, workers=_GATEWAY_ALONE) as platform:
        token = await _token(platform.url)
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
    on: Servers, url: str, token: str, source: Source, rounds: int
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


async def _large(on: Servers, video: bytes, *, quick: bool) -> tuple[list[Figure], list[str]]:
    length = _QUICK_LARGE if quick else _LARGE
    source = Source(video, length, memoryview(bytes(MIB)))
    with sink() as endpoint:
        settings = {**_SILENT, "S3_ENDPOINT": endpoint}
        with make_platform(on, settings, workers=_GATEWAY_ALONE) as platform:
            token = await _token(platform.url)
            growth, written, seconds = await asyncio.to_thread(_at_once, platform, token, source)
    gib = length / 1024 / MIB
    note = (
        f"uploads: {_AT_ONCE} of {gib:g} GiB at once into a sink that speaks S3: {seconds:.0f} s, "
        f"{_AT_ONCE * length / MIB / seconds:.0f} MiB/s together, digests right."
    )
    return [
        at_most("upload_memory_growth", growth, "MiB", AIM_GROWTH_MIB),
        at_most("upload_disk_writes", float(written), "bytes", 1.0),
    ], [note]


def _at_once(platform: Platform, token: str, source: Source) -> tuple[float, int, float]:
    """Growth of the gateway's memory in MiB, bytes it wrote to a disk, and seconds of all together."""
    headers = {"Authorization": f"Bearer {token}"}
    expected = _digest(source)
    warm = Connection(platform.url, headers)
    upload_through(warm, Source(source.video, 16 * MIB, source.filling))
    watch = _Watch(platform.services["gateway"][0].process.pid)
    began = time.perf_counter()
    with watch, ThreadPoolExecutor(_AT_ONCE) as threads:
        uploads = [
            threads.submit(upload_through, Connection(platform.url, headers), source) for _ in range(_AT_ONCE)
        ]
        files = [upload.result()[1] for upload in uploads]
    seconds = time.perf_counter() - began
    for file_id in files:
        found = warm.json("GET", f"/api/v1/files/{file_id}")
        if (found["sha256"], found["size_bytes"]) != (expected, source.length):
            raise UploadFailedError(f"the gateway took {found}, not {source.length} bytes of {expected}")
    return watch.growth_mib, watch.written, seconds


def _digest(source: Source) -> str:
    digest = hashlib.sha256()
    for piece in source.pieces(0, source.length):
        digest.update(piece)
    return digest.hexdigest()


class _Watch:
    """The most resident memory of a process while a block runs, and what it writes to disks."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._most = self._resident()
        self._written = self._writes()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    @property
    def growth_mib(self) -> float:
        """Most memory in the block less that before it."""
        return (self._most - self._before) / MIB

    @property
    def written(self) -> int:
        """Bytes that the process caused to be written in the block."""
        return self._writes() - self._written

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.05):
            self._most = max(self._most, self._resident())

    def _resident(self) -> int:
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    def _writes(self) -> int:
        lines = Path(f"/proc/{self._pid}/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


async def _token(url: str) -> str:
    async with Api(url) as api:
        await api.register()
        return str(api.http.headers["Authorization"]).partition(" ")[2]
