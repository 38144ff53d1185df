"""Wakes the loop of the stage that a notice names."""

from collections.abc import Mapping

from octavia_common.database import Database
from octavia_common.listening import listen

from octavia_videogen.repositories import CHANNEL
from octavia_videogen.workers.loop import StageLoop


class Wakeups:
    """Listens for all loops of the process."""

    def __init__(self, database: Database, loops: Mapping[str, StageLoop]) -> None:
        self._database = database
        self._loops = loops

    async def run(self) -> None:
        """Listen until cancelled."""
        await listen(self._database, CHANNEL, self._wake, anew=self._wake_all)

    def _wake(self, stage: str) -> None:
        loop = self._loops.get(stage)
        if loop is not None:
            loop.wake()

    def _wake_all(self) -> None:
        for loop in self._loops.values():
            loop.wake()
