"""The video generator's composition root."""

import asyncio

from octavia_common.events import CreditsReserved
from octavia_common.service import ServiceRuntime
from octavia_common.settings import ServiceSettings
from octavia_common.topics import CREDITS_RESERVED

from octavia_videogen.handler import RefuseGeneration


async def serve(settings: ServiceSettings) -> None:
    """Refuse video generation until told to stop."""
    runtime = ServiceRuntime("videogen", settings)
    runtime.add_stage(CREDITS_RESERVED, CreditsReserved, RefuseGeneration(), name="videogen")
    async with runtime:
        await runtime.run()


def main() -> None:
    """Entry point of `octavia-videogen`."""
    asyncio.run(serve(ServiceSettings()))
