"""Reads the provider's records of what is running: few requests for many tasks, each by one replica."""

import asyncio
import contextlib
from uuid import UUID

import structlog
from octavia_common.database import UNAVAILABLE, Database

from octavia_videogen.domain import steps
from octavia_videogen.domain.catalogue import Catalogue
from octavia_videogen.domain.errors import LookFailedError, ModelUnavailableError, TaskUnknownError
from octavia_videogen.domain.rate import Pace
from octavia_videogen.domain.records import Stage, Task
from octavia_videogen.domain.states import ProviderState
from octavia_videogen.domain.steps import Rules
from octavia_videogen.providers.base import Provider, Record
from octavia_videogen.workers.loop import StageLoop
from octavia_videogen.workers.metrics import LOOKS, SECONDS
from octavia_videogen.workers.ordering import Callbacks
from octavia_videogen.workers.settlement import Settlement

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.1
"""Looks that saw nothing new are written down together."""


class LookLoop(StageLoop):
    """Stage `running`: the record is read, and believed."""

    stage = Stage.RUNNING
    at_once = 64
    lease_seconds = 20.0

    def __init__(
        self,
        database: Database,
        stopping: asyncio.Event,
        settlement: Settlement,
        provider: Provider,
        catalogue: Catalogue,
        callbacks: Callbacks,
        rules: Rules,
        *,
        looks_per_second: float = 0.0,
    ) -> None:
        super().__init__(database, stopping)
        self.provider = provider.name
        self._settlement = settlement
        self._service = provider
        self._catalogue = catalogue
        self._callbacks = callbacks
        self._rules = rules
        self._pace = Pace(looks_per_second) if looks_per_second else None
        self._unchanged: list[tuple[Task, UUID, float]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def allowance(self) -> tuple[int, float]:
        if self._pace is None:
            return await super().allowance()
        return self._pace.allowance(asyncio.get_running_loop().time())

    async def work(self, task: Task, lease: UUID) -> None:
        rules = self._rules
        try:
            if self._pace is not None:
                self._pace.sent()
            if task.late and not task.cancel_asked:
                gone = await self._give_up(task)
                await self._settlement.settle(task, lease, lambda now: steps.cancelled(now, rules, gone=gone))
                return
            assert task.provider_task is not None
            record = await self._service.look(task.provider_task)
        except TaskUnknownError:
            LOOKS.labels("unknown").inc()
            step_of = steps.disowned if task.adopted else steps.unknown
            await self._settlement.settle(task, lease, lambda now: step_of(now, rules))
        except LookFailedError as error:
            LOOKS.labels("failed").inc()
            log.warning("a provider's record cannot be read", error=error.message)
            wait = error.retry_after
            await self._settlement.settle(
                task, lease, lambda now: steps.look_failed(now, rules, retry_after=wait)
            )
        else:
            LOOKS.labels(record.state.value).inc()
            await self._seen(task, lease, record)

    async def _give_up(self, task: Task) -> bool:
        """Tell the provider that nobody wants it, where that can be told."""
        assert task.provider_task is not None
        return await self._service.cancel(task.provider_task)

    async def _seen(self, task: Task, lease: UUID, record: Record) -> None:
        rules = self._rules
        if task.adopted and not self._is_ours(task, record):
            log.warning("a call-back pointed to a record that is not of its video", named=task.provider_task)
            await self._settlement.settle(task, lease, lambda now: steps.disowned(now, rules))
            return
        preview = steps.looked(task, record, rules)
        if preview.task == task and not preview.events:
            self._unchanged.append((task, lease, preview.wait))
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.create_task(self._flush())
            return
        await self._settlement.settle(task, lease, lambda now: steps.looked(now, record, rules))
        if record.state is ProviderState.SUCCESS and not task.late:
            SECONDS.observe(task.age)

    def _is_ours(self, task: Task, record: Record) -> bool:
        """Whether a record that only a call-back pointed to was ordered by us, for this run.

        Whoever has read one call-back knows its address, and could name another task in it.
        """
        if record.callback_url is not None:
            return record.callback_url == self._callbacks.address(task.hold_id)
        if record.model is None:
            return True
        try:
            _, form = self._catalogue.form_of(task.spec)
        except ModelUnavailableError:
            return False
        return record.model == form.model

    async def _flush(self) -> None:
        """Write down, together, what did not change; where that fails, their leases run out."""
        while self._unchanged:
            await asyncio.sleep(FLUSH_SECONDS)
            batch, self._unchanged = self._unchanged, []
            with contextlib.suppress(*UNAVAILABLE):
                await self._tasks.still(self._database.pool, batch)
            self.wake()
