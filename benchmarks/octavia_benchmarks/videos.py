"""A thousand videos in flight on one process of videogen: what each costs, and how soon its owner hears."""

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.platform import Platform
from octavia_local.ports import LOOPBACK, free_port, http_status
from octavia_local.processes import Process
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import Ending, Hook, Orders

from octavia_benchmarks.driver import JobNotCompletedError
from octavia_benchmarks.results import Figure, at_most, percentile
from octavia_benchmarks.stack import make_platform, servers
from octavia_benchmarks.video_watching import Audience, audience

CALLBACK_AIM_MS, POLL_AIM_MS = 100.0, 1000.0
_NO_OTHERS = dict.fromkeys(("transcriber", "translator", "synthesizer", "assembler"), 0)
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Scale:
    """So many videos in flight of so many users.

    `warm_up` and then `heard` of them, spread over all, succeed by themselves, `rate` a second, the first
    after `first_seconds`; the `heard` ones are timed. The others go on until these have been heard of.
    """

    videos: int = 1000
    users: int = 20
    warm_up: int = 10
    heard: int = 100
    rate: float = 1.0
    first_seconds: float = 60.0

    def prompts(self) -> list[str]:
        """The prompt of each, with what is ordered of the provider."""
        step = self.videos // (self.warm_up + self.heard)
        prompts = []
        for number in range(self.videos):
            turn, rest = divmod(number, step)
            succeeds = rest == 0 and turn < self.warm_up + self.heard
            order = f"sim:seconds={self.first_seconds + turn / self.rate:.2f}" if succeeds else "sim:manual"
            prompts.append(f"Boat {number} on the sea {order}")
        return prompts


QUICK = Scale(40, 2, 2, 8, 1.0, 10.0)


@dataclass(frozen=True)
class Spent:
    """What one way took, of all its videos or of those that were timed.

    Attributes:
        heard_ms: from the provider's success until its owner's stream told of the completed video.
        read_ms: the same from when videogen read the provider's record.
        looks: reads of records, of all videos.
        in_flight_seconds: the time that a video was in flight on average.
        cpu_ms: of videogen's own process, for each video; `tools_cpu_ms` of the media programs, each clip.
    """

    heard_ms: Sequence[float]
    read_ms: Sequence[float]
    requests: float
    looks: float
    in_flight_seconds: float
    cpu_ms: float
    tools_cpu_ms: float


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """The same by call-backs (and polls, as they fall), and by polls alone; both with the usual settings."""
    scale = QUICK if quick else Scale()
    figures, notes = [], []
    for way, after, aim in (
        ("callback", (Hook.HONEST,), CALLBACK_AIM_MS),
        ("poll", (), POLL_AIM_MS),
    ):
        with servers() as on, _simulator(on.directory) as control:
            settings = _settings(control.url)
            platform = make_platform(on, settings, workers={**_NO_OTHERS, "videogen": 0})
            platform.add("videogen", 0, {"VIDEO_CALLBACK_URL": platform.url})
            with platform:
                spent = await _one_way(platform, control, Orders(after=after), scale)
        heard = percentile(spent.heard_ms, 0.99)
        figures.append(at_most(f"videos_by_{way}", heard, "ms p99", aim))
        notes.append(_note(way, spent, scale))
    return figures, notes


def _settings(provider: str) -> dict[str, str]:
    return {
        "VIDEO_PROVIDER": "kie",
        "KIE_BASE_URL": provider,
        "KIE_API_KEY": "any",
        "VIDEO_CALLBACK_SECRET": secrets.token_hex(32),
        "VIDEO_RATE": "1000000/minute",
        "VIDEO_ORDERS_MOST": "1000",  # in 10 s: a thousand in flight are not waited for as Kie would have it
        "VIDEO_FETCH_NETWORKS": "127.0.0.0/8",
        "VIDEO_FETCH_PORTS": "",
    }


@contextlib.contextmanager
def _simulator(folder: Path) -> Iterator[SimulatorControl]:
    """The provider as a process of its own, so that its work is not counted as anybody's."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("octavia-simulator")), "--port", str(port)]
    process = Process("simulator", [*command, "--rate", "1000000"], log=folder / "logs" / "simulator.log")
    process.start()
    try:
        deadline = time.monotonic() + 60
        while http_status(port, "/simulator/healthz") != 200:
            if not process.running or time.monotonic() > deadline:
                raise LocalError(f"The provider simulator does not start\n{process.log_tail()}")
            time.sleep(0.1)
        with SimulatorControl(f"http://{LOOPBACK}:{port}") as control:
            yield control
    finally:
        process.stop(grace=5.0)


async def _one_way(platform: Platform, control: SimulatorControl, orders: Orders, scale: Scale) -> Spent:
    control.order(orders)
    pid = platform.services["videogen"][0].process.pid
    assert pid is not None
    before = _cpu_seconds(pid)
    async with audience(platform.url, scale.users) as people:
        await people.ask(scale.prompts())
        await _until(lambda: len(control.tasks()) >= scale.videos, "all are ordered")
        await _until(
            partial(people.has_heard_of, scale.warm_up + scale.heard), "those that succeed are completed"
        )
        # The others end too, so that every hold is resolved, but none of them is fetched.
        await asyncio.to_thread(control.end, ending=Ending.FAIL)
        await _until(lambda: people.ended >= scale.videos, "all have ended")
        own, tools = (after - earlier for after, earlier in zip(_cpu_seconds(pid), before, strict=True))
        return _spent(control, people, scale, own, tools)


def _spent(control: SimulatorControl, people: Audience, scale: Scale, own: float, tools: float) -> Spent:
    counts, tasks = control.counts(), control.tasks()
    succeeded = sorted(
        (task for task in tasks if task["state"] == "success"), key=lambda task: float(task["ended_at"])
    )
    timed = succeeded[scale.warm_up :]
    # A prompt is of one video alone.
    told = [people.completed[task["prompt"]] for task in timed]
    requests = sum(counts.get(kind, 0) for kind in ("creates", "queries", "downloads", "answers 429"))
    flown = sum(task["ended_at"] - task["created_at"] for task in tasks)
    return Spent(
        heard_ms=[1000 * (at - t["ended_at"]) for at, t in zip(told, timed, strict=True)],
        read_ms=[1000 * (at - t["read_at"]) for at, t in zip(told, timed, strict=True)],
        requests=requests / scale.videos,
        looks=counts["queries"] / scale.videos,
        in_flight_seconds=flown / len(tasks),
        cpu_ms=1000 * own / scale.videos,
        tools_cpu_ms=1000 * tools / (scale.warm_up + scale.heard),
    )


async def _until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await asyncio.to_thread(true):
        if time.monotonic() > deadline:
            raise JobNotCompletedError(f"videos: after {_PATIENCE_SECONDS:.0f} s it is not so that {what}")
        await asyncio.sleep(0.05)


def _cpu_seconds(pid: int) -> tuple[float, float]:
    """The processor time of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / 100, children / 100


def _note(way: str, spent: Spent, scale: Scale) -> str:
    def both(values: Sequence[float]) -> str:
        return f"p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms"

    return (
        f"videos: by {way}, {scale.videos} in flight, {len(spent.heard_ms)} timed, {scale.rate:g} a second: "
        f"success to SSE {both(spent.heard_ms)}; of that from reading the record to SSE (fetch, probe, "
        f"poster, store, capture) {both(spent.read_ms)}. {spent.requests:.1f} requests a video, "
        f"{spent.looks:.1f} of them reads of its record, in {spent.in_flight_seconds:.0f} s of flight; "
        f"{spent.cpu_ms:.0f} ms of videogen's CPU a video, {spent.tools_cpu_ms:.0f} ms of ffprobe's and "
        f"ffmpeg's a clip."
    )
