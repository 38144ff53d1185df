"""A crowd of readers on one process: what each costs, and how late an event is to all and to one of them."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from octavia_gateway.auth.tokens import AccessClaims
from octavia_local.errors import LocalError

from octavia_benchmarks.live.accounts import add_accounts
from octavia_benchmarks.live.crowd import Crowd, Heard, allow_files, cpu_seconds, resident_kib
from octavia_benchmarks.live.servers import (
    GATEWAY,
    StreamServer,
    baseline,
    gateway_of,
    gateway_platform,
    users_of,
)
from octavia_benchmarks.live.source import SENT_AT, Source
from octavia_benchmarks.results import Figure, at_most, lower_is_better, percentile
from octavia_benchmarks.stack import servers

MEMORY_KIB, TO_ALL_MS, TO_ONE_MS = 12.0, 250.0, 5.0
"""The aims."""

STALLED_RATIO = 0.9
"""Aim of the ratio with readers that stall: what two runs of the same differ by is not to be told apart."""

FLOOD_EVENTS, FLOOD_BYTES = 150, 6000
"""What every stalling reader is sent: its sockets hold about 200 KiB."""

BREATH_SECONDS = 0.3
"""Between two broadcasts, the first of which has arrived."""

LATEST_SECONDS = 30.0
"""How long events that are late are waited for."""


@dataclass(frozen=True)
class Scale:
    """How much of everything.

    Attributes:
        readers: that follow one user, who is told of to all.
        alone: readers more, each of whom follows a user of his own: events to one go to one of these.
        stalling: readers more, of a user of theirs, who stall.
        rate: events to one a second; half of it beside readers that stall.
    """

    readers: int = 15_000
    alone: int = 1_000
    broadcasts: int = 10
    rate: int = 8_000
    seconds: float = 10.0
    warm_up_seconds: float = 3.0
    stalling: int = 200
    stalling_rounds: int = 3


QUICK = Scale(300, 50, 3, 500, 1.0, 0.5, 20, 1)


@dataclass
class Found:
    """What one server did.

    Attributes:
        kib: memory of one reader.
        to_all, to_one: seconds that each event took.
        calm, stalled: p99 in ms of each round of events to one, beside readers that read and that stall. In
            turns, because a p99 differs from run to run.
    """

    kib: float = 0.0
    to_all: Sequence[float] = ()
    to_one: Sequence[float] = ()
    calm: list[float] = field(default_factory=list)
    stalled: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """The gateway and FastAPI's own streams, one after the other, under the same crowd."""
    scale = QUICK if quick else Scale()
    allow_files(scale.readers + scale.alone + scale.stalling)
    with servers() as on:
        with gateway_platform(on, scale.readers) as platform:
            accounts = await add_accounts(on.postgres.address, 2 + scale.alone)
            ours = await _Bench(on.postgres.address, gateway_of(platform), accounts, scale).run()
            dropped = _dropped(platform.metrics("gateway"))
        async with baseline(on) as other:
            theirs = await _Bench(on.postgres.address, other, accounts, scale).run()
    figures = [
        *_beside("live_memory", ours.kib, theirs.kib, "KiB a reader", MEMORY_KIB),
        *_beside("live_to_all", _p99(ours.to_all), _p99(theirs.to_all), "ms p99", TO_ALL_MS),
        *_beside("live_to_one", _p99(ours.to_one), _p99(theirs.to_one), "ms p99", TO_ONE_MS),
        lower_is_better(
            "live_stalled", median(ours.stalled), "ms p99", baseline=median(ours.calm), target=STALLED_RATIO
        ),
    ]
    notes = [
        f"live: {scale.readers} readers of one user and {scale.alone} of one each.",
        *ours.notes,
        *theirs.notes,
    ]
    notes.append(
        f"live: {dropped:.0f} of {scale.stalling * scale.stalling_rounds} readers that stalled were dropped."
    )
    return figures, notes


class _Bench:
    """One server under the crowd."""

    def __init__(
        self, database_url: str, server: StreamServer, accounts: Sequence[AccessClaims], scale: Scale
    ) -> None:
        self._database_url = database_url
        self._server = server
        self._accounts = accounts
        self._alone = accounts[2:]
        self._scale = scale
        self._found = Found()

    async def run(self) -> Found:
        """Most readers follow one user, the others each a user of his own."""
        found, port = self._found, self._server.port
        shared, own = self._server.requests(self._accounts[:1]), self._server.requests(self._alone)
        async with self._crowd() as (crowd, source):
            # Some that come and go again: code is loaded, connections are pooled.
            await crowd.open(port, own[:200])
            await crowd.close()
            await asyncio.sleep(2)
            idle, began = resident_kib(self._server.pid), time.perf_counter()
            readers = shared * self._scale.readers + own
            await crowd.open(port, readers)
            opening = len(readers) / (time.perf_counter() - began)
            self._note(f"opening {opening:.0f} streams/s; idle {idle / 1024:.0f} MiB.")
            await self._broadcast(crowd, source)
            await self._one_by_one(crowd, source)
            # At the end, with all that the events left behind.
            found.kib = (resident_kib(self._server.pid) - idle) / len(readers)
            if self._server.name == GATEWAY:
                await self._beside_stalled_readers(crowd, source)
            await crowd.close()
        return found

    async def _broadcast(self, crowd: Crowd, source: Source) -> None:
        scale, user = self._scale, self._accounts[0].user_id
        await crowd.record()
        await source.send([user])
        await crowd.until_arrived(scale.readers, timeout=LATEST_SECONDS)
        await crowd.record()
        for number in range(scale.broadcasts):
            await asyncio.sleep(BREATH_SECONDS)
            await source.send([user])
            await crowd.until_arrived(scale.readers * (number + 1), timeout=LATEST_SECONDS)
        took, heard = await self._heard(crowd, scale.broadcasts * scale.readers)
        self._found.to_all = took
        self._note(
            f"to all p50 {_p50(took):.0f} ms; the readers' process away from its sockets for "
            f"{heard.turn_p99_ms:.1f} ms (p99).",
        )

    async def _one_by_one(self, crowd: Crowd, source: Source) -> None:
        scale, users = self._scale, users_of(self._alone)
        shuffled = random.Random(1).sample(users, len(users))
        await source.flow(shuffled, a_second=scale.rate, seconds=scale.warm_up_seconds)
        await asyncio.sleep(1)
        await crowd.record()
        spent = cpu_seconds(self._server.pid)
        sent = await source.flow(shuffled, a_second=scale.rate, seconds=scale.seconds)
        spent = cpu_seconds(self._server.pid) - spent
        took, heard = await self._heard(crowd, sent)
        self._found.to_one = took
        self._note(
            f"to one at {sent / scale.seconds:.0f} events/s p50 {_p50(took):.1f} ms, "
            f"{100 * spent / scale.seconds:.0f} % of a core; the readers' process "
            f"{100 * heard.cpu_share:.0f} %, away from its sockets for {heard.turn_p99_ms:.1f} ms (p99)."
        )

    async def _beside_stalled_readers(self, crowd: Crowd, source: Source) -> None:
        """Events to one, beside readers that stall and beside as many that read the same."""
        scale, noisy, users = self._scale, self._accounts[1], users_of(self._alone)
        many = self._server.requests([noisy]) * scale.stalling
        async with self._crowd() as (others, _):
            for _ in range(scale.stalling_rounds):
                for stall, found in ((False, self._found.calm), (True, self._found.stalled)):
                    await others.open(self._server.port, many, stall=stall)
                    await crowd.record()
                    sent, _ = await asyncio.gather(
                        source.flow(users, a_second=scale.rate // 2, seconds=scale.seconds / 3),
                        self._flood(noisy, seconds=scale.seconds / 3),
                    )
                    found.append(_p99((await self._heard(crowd, sent))[0]))
                    await others.close()

    async def _flood(self, account: AccessClaims, *, seconds: float) -> None:
        """More than the sockets of a reader who does not read can hold, early on."""
        source = await Source.connected(self._database_url)
        try:
            for _ in range(FLOOD_EVENTS):
                await source.send([account.user_id], body_bytes=FLOOD_BYTES)
                await asyncio.sleep(seconds / FLOOD_EVENTS)
        finally:
            await source.close()

    async def _heard(self, crowd: Crowd, expected: int) -> tuple[list[float], Heard]:
        """How long each event took. Raises LocalError where the gateway lost any, or closed a stream."""
        await asyncio.sleep(0.5)
        first = heard = await crowd.heard(SENT_AT)
        patience = time.monotonic() + LATEST_SECONDS
        while len(heard.events) < expected and time.monotonic() < patience:
            await asyncio.sleep(2)
            heard = await crowd.heard(SENT_AT)
        if len(heard.events) != expected or heard.closed:
            told = f"{len(heard.events)} of {expected} events arrived, {heard.closed} streams were closed"
            if self._server.name == GATEWAY:
                raise LocalError(f"{self._server.name}: {told}")
            self._note(f"{told}.")
        return [at - float(groups[0]) for at, *groups in heard.events], first

    @asynccontextmanager
    async def _crowd(self) -> AsyncIterator[tuple[Crowd, Source]]:
        source = await Source.connected(self._database_url)
        try:
            with tempfile.TemporaryDirectory(prefix="octavia-crowd-") as name:
                async with Crowd.gathered(Path(name)) as crowd:
                    yield crowd, source
        finally:
            await source.close()

    def _note(self, text: str) -> None:
        print(f"  {self._server.name}: {text}", flush=True)
        self._found.notes.append(f"live: {self._server.name}: {text}")


def _beside(name: str, value: float, baseline: float, unit: str, aim: float) -> list[Figure]:
    """The figure before its aim, and the same beside the baseline."""
    return [
        at_most(name, value, unit, aim),
        lower_is_better(f"{name}_beside_fastapi", value, unit, baseline=baseline),
    ]


def _p99(seconds: Sequence[float]) -> float:
    return percentile(seconds, 0.99) * 1000


def _p50(seconds: Sequence[float]) -> float:
    return percentile(seconds, 0.5) * 1000


def _dropped(metrics: str) -> float:
    return sum(
        float(line.split()[1])
        for line in metrics.splitlines()
        if line.startswith("octavia_sse_dropped_total ")
    )
