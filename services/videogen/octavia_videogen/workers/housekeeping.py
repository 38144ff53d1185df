"""Forgets what is long over, and counts what is not."""

import asyncio
import time

import structlog
from octavia_common.database import UNAVAILABLE, Database

from octavia_videogen.domain.records import Stage
from octavia_videogen.repositories.tasks import TaskRepository
from octavia_videogen.workers.metrics import TASKS

log = structlog.get_logger(__name__)

COUNT_SECONDS = 15.0
PRUNE_SECONDS = 3600.0
KEPT_DAYS = 8
"""One day longer than Kafka keeps the events themselves."""


class Housekeeping:
    """One for each replica; doing it twice does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks = TaskRepository()

    async def run(self) -> None:
        """Keep house until cancelled."""
        pruned = 0.0
        while True:
            try:
                counts = await self._tasks.counts(self._database.pool)
                for stage in Stage:
                    if stage is not Stage.OVER:
                        TASKS.labels(stage.value).set(counts.get(stage.value, 0))
                if not pruned or time.monotonic() - pruned > PRUNE_SECONDS:
                    await self._tasks.prune(self._database.pool, days=KEPT_DAYS)
                    pruned = time.monotonic()
            except UNAVAILABLE as error:
                log.warning("the database is away, trying again", error=repr(error))
            await asyncio.sleep(COUNT_SECONDS)
