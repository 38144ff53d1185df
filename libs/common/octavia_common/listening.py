"""Hearing NOTIFY: an alarm clock, not a delivery. Who is woken looks into the tables."""

import asyncio
from collections.abc import Callable

import asyncpg

from octavia_common.database import UNAVAILABLE, Database

_AGAIN_SECONDS = 1.0


async def listen(
    database: Database, channel: str, heard: Callable[[str], None], *, anew: Callable[[], None]
) -> None:
    """Hand what is said on `channel` to `heard` until cancelled.

    It holds a connection of its own and gets a new one when that breaks; `anew` is called each time, for
    what was said meanwhile nobody heard.
    """
    while True:
        try:
            connection = await asyncpg.connect(
                database.url, server_settings=database.server_settings, timeout=10
            )
        except UNAVAILABLE:
            await asyncio.sleep(_AGAIN_SECONDS)
            continue
        try:
            broken = asyncio.Event()
            connection.add_termination_listener(lambda _, broken=broken: broken.set())
            await connection.add_listener(channel, lambda *notice: heard(str(notice[-1])))
            anew()
            await broken.wait()
        except UNAVAILABLE:
            await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            await connection.close(timeout=2)
