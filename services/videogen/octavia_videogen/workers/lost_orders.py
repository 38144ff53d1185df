"""Clears up after orders whose answers were lost: looks for them where the provider lists what it took."""

import asyncio
from dataclasses import replace
from uuid import UUID

import asyncpg
import structlog
from octavia_common.database import Database

from octavia_videogen.domain import steps
from octavia_videogen.domain.errors import LookFailedError
from octavia_videogen.domain.records import AttemptState, Stage, Task
from octavia_videogen.domain.steps import Rules, Step
from octavia_videogen.providers.base import Provider
from octavia_videogen.repositories import Connection
from octavia_videogen.repositories.attempts import AttemptRepository
from octavia_videogen.repositories.tasks import TaskRepository
from octavia_videogen.workers.loop import StageLoop
from octavia_videogen.workers.settlement import Settlement

log = structlog.get_logger(__name__)


class LostOrderLoop(StageLoop):
    """Stage `ordering`: orders whose answers did not come, or of which a call-back told."""

    stage = Stage.ORDERING
    at_once = 8
    lease_seconds = 30.0

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
        self._attempts = AttemptRepository()
        self._records = TaskRepository()

    async def work(self, task: Task, lease: UUID) -> None:
        async def also(connection: Connection, step: Step) -> None:
            # What was found stays lost until the record bears it out, and may be lost again.
            again = step.task.stage is Stage.QUEUED
            state = AttemptState.REFUSED if again else AttemptState.LOST
            await self._attempts.close_unsettled(connection, task.hold_id, state)

        found = await self._found(task)

        def decide(now: Task) -> Step:
            return unanswered(replace(now, hinted_task=now.hinted_task or found), self._service, self._rules)

        try:
            await self._settlement.settle(task, lease, decide, also=also)
        except asyncpg.UniqueViolationError:
            log.warning("what was found is another video by now", named=task.hinted_task or found)
            await self._settlement.settle(
                task,
                lease,
                lambda now: unanswered(replace(now, hinted_task=None), self._service, self._rules),
            )

    async def _found(self, task: Task) -> str | None:
        """The provider's id of what was ordered, where it lists that and no other video has it."""
        if not self._service.orders_are_listed or task.hinted_task is not None or task.ordered_at is None:
            return None
        sent = await self._attempts.sent(self._database.pool, task.hold_id)
        if sent is None:
            return None
        try:
            listed = await self._service.listed(sent, task.ordered_at)
        except LookFailedError as error:
            log.warning("a provider's orders cannot be listed", error=error.message)
            return None
        known = await self._records.known(self._database.pool, self._service.name, listed)
        return next((each for each in listed if each not in known), None)


def unanswered(task: Task, provider: Provider, rules: Rules) -> Step:
    """What becomes of an order that nobody heard an answer to."""
    if task.stage is not Stage.ORDERING:  # its answer came by another way
        return Step(task)
    return steps.unanswered(
        task,
        rules,
        may_return=provider.lost_orders_may_return,
        idempotent=provider.orders_are_idempotent,
        listed=provider.orders_are_listed,
    )
