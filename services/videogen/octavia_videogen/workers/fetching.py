"""Brings home what providers have made, and looks whether what they keep is still there."""

import asyncio
import contextlib
from dataclasses import replace
from uuid import UUID

import structlog
from octavia_common.database import UNAVAILABLE, Database
from octavia_common.errors import OctaviaError, TransientError
from octavia_common.events import VideoExpired

from octavia_videogen.domain import steps
from octavia_videogen.domain.records import Stage, Task
from octavia_videogen.domain.steps import Rules, Step
from octavia_videogen.providers.base import Provider
from octavia_videogen.results.bringing_home import BringingHome, FetchTroubleError
from octavia_videogen.workers.loop import StageLoop
from octavia_videogen.workers.metrics import FETCHES, LATE
from octavia_videogen.workers.settlement import Settlement

log = structlog.get_logger(__name__)


class FetchLoop(StageLoop):
    """Stage `fetching`. What is fetched when the service stops is fetched again elsewhere."""

    stage = Stage.FETCHING
    lease_seconds = 20.0

    def __init__(
        self,
        database: Database,
        stopping: asyncio.Event,
        settlement: Settlement,
        provider: Provider,
        bringing: BringingHome,
        rules: Rules,
        *,
        at_once: int,
    ) -> None:
        super().__init__(database, stopping)
        self.at_once = at_once
        self.provider = provider.name
        self._settlement = settlement
        self._bringing = bringing
        self._rules = rules

    async def work(self, task: Task, lease: UUID) -> None:
        keeping = asyncio.create_task(self._keep(task, lease))
        try:
            await self._bring(task, lease)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _bring(self, task: Task, lease: UUID) -> None:
        rules = self._rules
        try:
            generated = await self._bringing.bring(task)
        except OctaviaError as error:
            FETCHES.labels("later" if error.transient else "failed").inc()
            log.warning("a result cannot be brought home", error=repr(error))
            reason, counts = error, isinstance(error, FetchTroubleError)
            await self._settlement.settle(
                task, lease, lambda now: steps.fetch_failed(now, reason, counts=counts)
            )
        else:
            FETCHES.labels("ok").inc()
            if task.late:
                LATE.inc()
            await self._settlement.settle(task, lease, lambda now: steps.fetched(now, generated, rules))

    async def _keep(self, task: Task, lease: UUID) -> None:
        """Keep the lease for as long as it takes."""
        while True:
            await asyncio.sleep(self.lease_seconds / 4)
            with contextlib.suppress(*UNAVAILABLE):
                await self._tasks.renew(self._database.pool, task.hold_id, lease, self.lease_seconds)


class KeptLoop(StageLoop):
    """Stage `kept`: a video that its provider keeps is shown as expired once it is gone."""

    stage = Stage.KEPT
    at_once = 4
    lease_seconds = 300.0

    def __init__(
        self,
        database: Database,
        stopping: asyncio.Event,
        settlement: Settlement,
        provider: Provider,
        rules: Rules,
    ) -> None:
        super().__init__(database, stopping)
        self.provider = provider.name
        self._settlement = settlement
        self._service = provider
        self._rules = rules

    async def work(self, task: Task, lease: UUID) -> None:
        wait = self._rules.kept
        try:
            there = any([await self._service.still_there(result) for result in task.results])
        except TransientError:
            await self._settlement.settle(task, lease, lambda now: Step(now, wait))
            return
        except OctaviaError as error:  # its address cannot be opened by anybody any more
            log.info("a kept video cannot be reached", error=repr(error))
            there = False
        if there:
            await self._settlement.settle(task, lease, lambda now: Step(now, wait))
        else:
            await self._settlement.settle(task, lease, _expired)


def _expired(task: Task) -> Step:
    return Step(replace(task, stage=Stage.OVER), events=(VideoExpired(job=task.job),))
