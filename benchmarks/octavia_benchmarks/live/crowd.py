"""The crowd of readers, as the benchmark sees it: a process that is told what to do."""

import asyncio
import contextlib
import json
import resource
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from octavia_local.errors import LocalError

SPARE_FILES = 500
"""Files that a process needs beside its streams."""

LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class Heard:
    """What arrived, and how busy the readers' process was meanwhile.

    Attributes:
        events: of each arrival at a reader its time (seconds of the monotonic clock), and what was asked for.
        closed: streams closed by the server.
        turn_p99_ms, longest_turn_ms: how long the process was away from its sockets: as late as that it may
            have seen an arrival, and the time counts against the server.
        cpu_share: of one core.
    """

    events: Sequence[tuple[float, *tuple[str, ...]]]
    closed: int
    turn_p99_ms: float
    longest_turn_ms: float
    cpu_share: float


class Crowd:
    """Many open streams in one process of their own."""

    def __init__(self, process: asyncio.subprocess.Process, directory: Path) -> None:
        self._process = process
        self._directory = directory
        self._cpu_began = (0.0, 0.0)

    @classmethod
    @contextlib.asynccontextmanager
    async def gathered(cls, directory: Path) -> AsyncIterator[Self]:
        """A crowd without streams, gone with all of them when the block is left."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "octavia_benchmarks.live.readers",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
        )
        try:
            yield cls(process, directory)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def open(self, port: int, requests: Sequence[str], *, stall: bool = False) -> None:
        """Open a stream for each request, all on one server, and wait until each has heard something."""
        path = self._directory / "requests.json"
        path.write_text(json.dumps(requests))
        told = await self._tell("open", port=port, requests=str(path), stall=stall)
        assert told["opened"] == len(requests)

    async def record(self) -> None:
        """Forget what was heard so far."""
        await self._tell("record")
        self._cpu_began = (asyncio.get_running_loop().time(), cpu_seconds(self._process.pid))

    async def until_arrived(self, count: int, *, timeout: float) -> None:
        """Wait until the readers have heard something `count` times since `record`, or until the timeout."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + timeout
        while loop.time() < patience:
            await asyncio.sleep(0.05)
            if (await self._tell("count"))["arrived"] >= count:
                return

    async def heard(self, pattern: str) -> Heard:
        """What was heard since `record`: the matches of `pattern`, with its groups."""
        now, spent = asyncio.get_running_loop().time(), cpu_seconds(self._process.pid)
        path = self._directory / "heard.json"
        told = await self._tell("report", to=str(path), pattern=pattern)
        return Heard(
            json.loads(path.read_text()),
            told["closed"],
            told["turn_p99_ms"],
            told["longest_turn_ms"],
            (spent - self._cpu_began[1]) / (now - self._cpu_began[0]),
        )

    async def close(self) -> None:
        """Close all streams."""
        await self._tell("close")

    async def _tell(self, do: str, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 300)
        if not line:
            raise LocalError("The readers' process has ended; its error stands above.")
        answer: dict[str, Any] = json.loads(line)
        return answer


def allow_files(streams: int) -> None:
    """Let this process and those it starts open as many files as `streams` need. Raises LocalError."""
    needed = streams + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise LocalError(
            f"{streams} streams need {needed} open files and only {hard} are allowed here. "
            f"Raise the limit (`ulimit -Hn {needed}`) and measure again."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_kib(pid: int) -> float:
    """The memory a process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise LocalError(f"process {pid} has no memory to be seen")
