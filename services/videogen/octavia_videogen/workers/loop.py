"""A loop that claims due work of one stage and does it; woken by NOTIFY or by the clock."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from uuid import UUID, uuid4

import structlog
from octavia_common.database import UNAVAILABLE, Database

from octavia_videogen.domain.records import Stage, Task
from octavia_videogen.repositories.tasks import TaskRepository

log = structlog.get_logger(__name__)

LONGEST_SLEEP_SECONDS = 5.0
"""Without a word from anybody it looks by itself this often."""

SHORTEST_SLEEP_SECONDS = 0.01
TROUBLE_SECONDS = 1.0


class StageLoop(ABC):
    """Works on the tasks of one stage. A fault in one is logged; its lease runs out and it comes again."""

    stage: Stage
    provider: str | None = None
    """Only this provider's tasks; None for all."""
    at_once: int
    lease_seconds: float
    drain_seconds: float = 0.0
    """How long, when the service stops, what is in hand may take to finish; then it is cut off."""

    def __init__(self, database: Database, stopping: asyncio.Event) -> None:
        self._database = database
        self._stopping = stopping
        self._tasks = TaskRepository()
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def work(self, task: Task, lease: UUID) -> None:
        """Do what the stage wants of one task."""

    async def allowance(self) -> tuple[int, float]:
        """How many may be begun now, and where there are none, the seconds until there are."""
        return self.at_once, 0.0

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled, or until the service stops."""
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                try:
                    wait = await self._round()
                except UNAVAILABLE as error:
                    log.warning("the database is away, trying again", stage=self.stage, error=repr(error))
                    wait = TROUBLE_SECONDS
                await self._pause(wait)
            await asyncio.Event().wait()  # until the runtime, which closes all else first, cancels this too
        finally:
            await self._drain()

    async def _round(self) -> float:
        """Begin what is due; how long until there may be more."""
        free = self.at_once - len(self._running)
        if free <= 0:
            return LONGEST_SLEEP_SECONDS
        allowed, wait = await self.allowance()
        free = min(free, allowed)
        if free <= 0:
            return max(wait, SHORTEST_SLEEP_SECONDS)
        lease = uuid4()
        claimed = await self._tasks.claim(
            self._database.pool, self.stage, self.provider, most=free, lease=lease, seconds=self.lease_seconds
        )
        for task in claimed:
            self._spawn(task, lease)
        if len(claimed) == free:
            # One that ends makes room, and wakes; where there is room already, there may be more.
            return LONGEST_SLEEP_SECONDS if len(self._running) >= self.at_once else SHORTEST_SLEEP_SECONDS
        soon = await self._tasks.seconds_to_next(self._database.pool, self.stage, self.provider)
        return min(LONGEST_SLEEP_SECONDS, max(SHORTEST_SLEEP_SECONDS, soon if soon is not None else 1e9))

    def _spawn(self, task: Task, lease: UUID) -> None:
        running = asyncio.create_task(self._guarded(task, lease), name=f"{self.stage} {task.hold_id}")
        self._running.add(running)
        running.add_done_callback(self._ended)

    def _ended(self, running: asyncio.Task[None]) -> None:
        full = len(self._running) >= self.at_once
        self._running.discard(running)
        if full:
            self.wake()

    async def _guarded(self, task: Task, lease: UUID) -> None:
        with structlog.contextvars.bound_contextvars(job_id=str(task.job.job_id), hold_id=str(task.hold_id)):
            try:
                await self.work(task, lease)
            except UNAVAILABLE as error:
                log.warning("the database is away; this comes again", stage=self.stage, error=repr(error))
            except Exception:
                log.exception("work on a video broke; it comes again", stage=self.stage)

    async def _pause(self, seconds: float) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait({stopping, woken}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            woken.cancel()

    async def _drain(self) -> None:
        running = set(self._running)
        if running and self.drain_seconds:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(running, timeout=self.drain_seconds)
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
