"""Writes what was decided of a task, with the events that tell of it, in one transaction."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from octavia_common.database import Database
from octavia_common.outbox.outbox import Outbox
from octavia_common.outbox.relay import Relay

from octavia_videogen.domain.records import Task
from octavia_videogen.domain.steps import Step
from octavia_videogen.repositories import Connection
from octavia_videogen.repositories.tasks import TaskRepository

Decide = Callable[[Task], Step]
Also = Callable[[Connection, Step], Awaitable[None]]


class Settlement:
    """The only way in which workers change a task."""

    def __init__(self, database: Database, outbox: Outbox, relay: Relay) -> None:
        self._database = database
        self._outbox = outbox
        self._relay = relay
        self._tasks = TaskRepository()

    async def settle(
        self,
        began: Task,
        lease: UUID | None,
        decide: Decide,
        *,
        also: Also | None = None,
        keep_lease: bool = False,
    ) -> Step | None:
        """Decide on the task as it is now and write that; None where the lease is another's by now.

        `began` is the task as it was when the work began: a call-back that came since is heeded. `also`
        writes into the same transaction. Raises what the database raises.
        """
        async with self._database.transaction() as connection:
            task = await self._tasks.locked(connection, began.hold_id, lease)
            if task is None:
                return None
            step = decide(task)
            if also is not None:
                await also(connection, step)
            await self._tasks.write(connection, step.task, wait=step.wait, began=began, keep_lease=keep_lease)
            await self._outbox.add(
                connection,
                step.events,
                traces={str(task.job.job_id): task.traceparent},
                waker=self._relay.identity,
            )
        if step.events:
            self._relay.wake()
        return step
