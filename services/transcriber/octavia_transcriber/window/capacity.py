"""How much may be in the stages at once: as much as their workers need to be busy, and no more.

What is in the stages goes through them in the order it came, so whoever comes next waits for all of it. With
K workers in each of the three stages, 3 K chunks are being worked on and K more lie ready between the stages:
a chunk that comes behind them waits for about four turns of a worker where it alone would take three.
"""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
"""How often the workers are counted."""

LEAST = 4
"""Units for one worker in each stage."""


def units_for(workers: Sequence[int]) -> int:
    """Units (chunks, once for each language) that keep so many workers in each stage busy."""
    return max(LEAST, sum(workers) + max(workers, default=0))


class Capacity:
    """The room in the stages, by the members of their consumer groups, or as it was set."""

    def __init__(self, bootstrap_servers: str, groups: Sequence[str], *, fixed: int = 0) -> None:
        self._bootstrap = bootstrap_servers.split(",")
        self._groups = groups
        self._fixed = fixed
        self.units = fixed or LEAST

    async def run(self) -> None:
        """Count for ever; where Kafka does not answer, what was counted last stays."""
        while True:
            if not self._fixed:
                try:
                    await self._count()
                except (KafkaError, OSError, TimeoutError) as error:
                    log.warning("the stages' workers cannot be counted", error=repr(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _count(self) -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await client.start()
            while True:
                units = units_for([await self._members(client, group) for group in self._groups])
                if units != self.units:
                    log.info("room in the stages", units=units)
                self.units = units
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await client.close()

    async def _members(self, client: AIOKafkaAdminClient, group: str) -> int:
        # One at a time: aiokafka 0.14 misreads what follows the first group of an answer.
        (answer,) = await asyncio.wait_for(client.describe_consumer_groups([group]), 10)
        # A group: error code, name, state, protocol type, protocol, members, …
        return len(answer.groups[0][5])
