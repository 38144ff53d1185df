"""Orders what is queued, within the provider's limit."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from octavia_common.callbacks import callback_token
from octavia_common.database import UNAVAILABLE, Database
from octavia_common.errors import OctaviaError, TransientError
from octavia_common.outbox.outbox import Outbox
from octavia_common.outbox.relay import Relay

from octavia_videogen.domain import steps
from octavia_videogen.domain.catalogue import Catalogue
from octavia_videogen.domain.errors import AnswerLostError, OrderDeferredError
from octavia_videogen.domain.records import AttemptState, Stage, Task
from octavia_videogen.domain.schedule import after_trouble
from octavia_videogen.domain.steps import Rules, Step
from octavia_videogen.pictures import Pictures
from octavia_videogen.providers.base import Order, Picture, Provider
from octavia_videogen.repositories import Connection
from octavia_videogen.repositories.attempts import AttemptRepository
from octavia_videogen.repositories.rates import RateRepository
from octavia_videogen.workers.loop import StageLoop
from octavia_videogen.workers.lost_orders import unanswered
from octavia_videogen.workers.metrics import ORDERS
from octavia_videogen.workers.settlement import Settlement

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 60.0
"""An order whose answer is not written down by then was lost with the process that waited for it."""

QUICK_ANSWER_SECONDS = 5.0
"""The same, where an order sent twice is one."""

CALLBACK_PATH = "/api/v1/video-callback/"


@dataclass(frozen=True)
class Callbacks:
    """Where providers call back. `url` is the gateway's as the internet reaches it; empty for nowhere."""

    url: str
    secret: str

    @property
    def wanted(self) -> bool:
        """Whether anybody calls back."""
        return bool(self.url and self.secret)

    def address(self, hold_id: UUID) -> str | None:
        """The address of one run, which nobody guesses."""
        if not self.wanted:
            return None
        return f"{self.url.rstrip('/')}{CALLBACK_PATH}{callback_token(self.secret, hold_id)}"


class OrderLoop(StageLoop):
    """Stage `queued`: attempt on record, then the call, then what came of it."""

    stage = Stage.QUEUED
    at_once = 20
    lease_seconds = 30.0

    def __init__(
        self,
        database: Database,
        stopping: asyncio.Event,
        settlement: Settlement,
        outbox: Outbox,
        relay: Relay,
        provider: Provider,
        catalogue: Catalogue,
        pictures: Pictures,
        callbacks: Callbacks,
        rules: Rules,
        *,
        drain_seconds: float,
    ) -> None:
        super().__init__(database, stopping)
        self.drain_seconds = drain_seconds
        self._settlement = settlement
        self._outbox = outbox
        self._relay = relay
        self._provider = provider
        self._catalogue = catalogue
        self._pictures = pictures
        self._callbacks = callbacks
        self._rules = rules
        self._rates = RateRepository()
        self._attempts = AttemptRepository()
        self._bucket = f"{provider.name}.orders"

    async def allowance(self) -> tuple[int, float]:
        limit = self._provider.order_limit
        if limit is None:
            return await super().allowance()
        return await self._rates.free(self._database.pool, self._bucket, limit)

    async def work(self, task: Task, lease: UUID) -> None:
        try:
            model, form = self._catalogue.form_of(task.spec)
            async with self._picture(task) as picture:
                order = Order(
                    hold_id=task.hold_id,
                    user_id=task.job.user_id,
                    spec=task.spec,
                    form=form,
                    callback_url=self._callbacks.address(task.hold_id),
                    picture=picture,
                )
                attempt = await self._begin(task, lease, order, model.deadline_seconds)
                if attempt is not None:
                    await self._send(task, attempt, order)
        except UNAVAILABLE:
            raise
        except TransientError as error:
            log.warning("a video cannot be ordered now", error=repr(error))
            await self._settlement.settle(task, lease, _again_later)
        except OctaviaError as error:
            reason = error
            await self._settlement.settle(task, lease, lambda now: steps.failed(now, reason))

    @asynccontextmanager
    async def _picture(self, task: Task) -> AsyncIterator[Picture | None]:
        if task.spec.image is None:
            yield None
            return
        async with self._pictures.ready(
            task.job.user_id, task.hold_id, task.spec.image, self._provider.picture_by
        ) as picture:
            yield picture

    async def _begin(self, task: Task, lease: UUID, order: Order, deadline_seconds: float) -> UUID | None:
        """Put the order on record; None where it is not to be sent now, or not by us."""
        sent = self._provider.put_on_record(order)
        limit = self._provider.order_limit
        answer_seconds = QUICK_ANSWER_SECONDS if self._provider.orders_are_idempotent else ANSWER_SECONDS
        async with self._database.transaction() as connection:
            free_at = await self._rates.take(connection, self._bucket, limit) if limit is not None else None
            now = await self._tasks.locked(connection, task.hold_id, lease)
            if now is None or now.stage is not Stage.QUEUED:
                return None
            if free_at is not None:
                await self._tasks.write(connection, now, wait=(free_at - now.now) / timedelta(seconds=1))
                return None
            step = steps.ordering(now, self._provider.name, deadline_seconds, answer_seconds)
            attempt = await self._attempts.begin(connection, task.hold_id, sent)
            await self._tasks.write(connection, step.task, wait=step.wait)
            await self._outbox.add(
                connection,
                step.events,
                traces={str(task.job.job_id): task.traceparent},
                waker=self._relay.identity,
            )
        self._relay.wake()
        return attempt

    async def _send(self, task: Task, attempt: UUID, order: Order) -> None:
        try:
            provider_task = await self._provider.create(order)
        except OrderDeferredError as error:
            outcome, answer, decide = AttemptState.REFUSED, error.message, self._deferred(error)
        except AnswerLostError as error:
            outcome, answer, decide = AttemptState.LOST, error.message, self._lost
        except OctaviaError as error:
            outcome, answer, decide = AttemptState.REFUSED, error.message, _failed(error)
        except Exception as error:
            log.exception("an order broke; nobody knows whether it was taken")
            outcome, answer, decide = AttemptState.LOST, repr(error), self._lost
        else:
            outcome, answer = AttemptState.CREATED, ""
            rules = self._rules
            await self._write_down(
                task, attempt, outcome, answer, provider_task,
                lambda now: steps.created(now, provider_task, rules),
            )  # fmt: skip
            return
        log.warning("an order was not taken", outcome=outcome, answer=answer)
        await self._write_down(task, attempt, outcome, answer, None, decide)

    async def _write_down(
        self,
        task: Task,
        attempt: UUID,
        outcome: AttemptState,
        answer: str,
        provider_task: str | None,
        decide: Callable[[Task], Step],
    ) -> None:
        """Write what became of the order, however long the database is away: nobody else knows it."""
        ORDERS.labels(outcome.value).inc()

        async def also(connection: Connection, step: Step) -> None:
            again = outcome is AttemptState.LOST and step.task.stage is Stage.QUEUED
            state = AttemptState.REFUSED if again else outcome
            await self._attempts.answer(connection, attempt, state, answer, provider_task)

        times = 0
        while True:
            try:
                await self._settlement.settle(task, None, decide, also=also)
            except UNAVAILABLE as error:
                times += 1
                log.warning("the answer to an order cannot be written down, trying again", error=repr(error))
                await asyncio.sleep(min(5.0, 0.2 * 2.0 ** min(times, 6)))
            else:
                return

    def _deferred(self, error: OrderDeferredError) -> Callable[[Task], Step]:
        def decide(task: Task) -> Step:
            return steps.deferred(task, error, self._catalogue.unavailable(task.spec.model), self._rules)

        return decide

    def _lost(self, task: Task) -> Step:
        return unanswered(task, self._provider, self._rules)


def _failed(error: OctaviaError) -> Callable[[Task], Step]:
    return lambda task: steps.failed(task, error)


def _again_later(task: Task) -> Step:
    """Our own surroundings are at fault: it waits, and the gateway's deadline is its bound."""
    times = task.troubles + 1
    return Step(replace(task, troubles=times), after_trouble(times))
