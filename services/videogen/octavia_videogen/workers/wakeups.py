"""Hears NOTIFY and wakes the loop of the stage it names: an alarm clock, not the delivery."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
from octavia_common.database import UNAVAILABLE, Database

from octavia_videogen.repositories import CHANNEL
from octavia_videogen.workers.loop import StageLoop


class Wakeups:
    """Holds one connection that listens, and gets a new one when it breaks."""

    def __init__(self, database: Database, loops: Mapping[str, StageLoop]) -> None:
        self._database = database
        self._loops = loops

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                connection = await asyncpg.connect(
                    self._database.url, server_settings=self._database.server_settings, timeout=10
                )
            except UNAVAILABLE:
                await asyncio.sleep(1)
                continue
            try:
                broken = asyncio.Event()
                connection.add_termination_listener(lambda _, broken=broken: broken.set())
                await connection.add_listener(CHANNEL, self._on_notice)
                for loop in self._loops.values():  # what was said meanwhile, nobody heard
                    loop.wake()
                await broken.wait()
            except UNAVAILABLE:
                await asyncio.sleep(1)
            finally:
                await connection.close(timeout=2)

    def _on_notice(self, _connection: Any, _process: int, _channel: str, stage: object) -> None:
        loop = self._loops.get(str(stage))
        if loop is not None:
            loop.wake()
