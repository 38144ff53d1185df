"""Four uploads of 10 GiB at once through one gateway, over a store that keeps nothing."""

import asyncio
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from octavia_local.own_servers import OwnServers
from octavia_local.platform import Platform

from octavia_benchmarks.results import Figure, at_most
from octavia_benchmarks.s3_sink import sink
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import make_platform, servers
from octavia_benchmarks.upload_clients import (
    MIB,
    Connection,
    Source,
    UploadFailedError,
    upload_through,
)
from octavia_benchmarks.uploads import GATEWAY_ALONE, SILENT, token_of

AIM_GROWTH_MIB = 96.0
_LARGE, _QUICK_LARGE = 10 * 1024 * MIB, 64 * MIB
_AT_ONCE = 4


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """What they add to the gateway's memory, and make it write to a disk."""
    with servers() as on:
        video = next(Sources(on.directory / "sources").some(1)).read_bytes()
        return await _measured(on, video, quick=quick)


async def _measured(on: OwnServers, video: bytes, *, quick: bool) -> tuple[list[Figure], list[str]]:
    length = _QUICK_LARGE if quick else _LARGE
    source = Source(video, length, memoryview(bytes(MIB)))
    with sink() as endpoint:
        settings = {**SILENT, "S3_ENDPOINT": endpoint}
        with make_platform(on, settings, workers=GATEWAY_ALONE) as platform:
            token = await token_of(platform.url)
            growth, written, seconds = await asyncio.to_thread(_at_once, platform, token, source)
    gib = length / 1024 / MIB
    note = (
        f"uploads_large: {_AT_ONCE} of {gib:g} GiB at once into a sink that speaks S3: {seconds:.0f} s, "
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
