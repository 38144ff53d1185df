"""The rest of the platform as billing meets it: topics to say things on and to hear things from."""

from octavia_common import testing
from octavia_common.events import EventData
from octavia_common.topics import (
    CREDITS_LEDGER,
    CREDITS_PRICES,
    CREDITS_RESERVED,
    CREDITS_RESOLVED,
    VIDEOS_RESERVED,
)

TOLD = (CREDITS_LEDGER, CREDITS_PRICES, CREDITS_RESERVED, CREDITS_RESOLVED, VIDEOS_RESERVED)


class Wire(testing.Wire):
    """Says everything twice, as a redelivery does, and hears what billing says."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(environment["KAFKA_BOOTSTRAP_SERVERS"], environment["KAFKA_PREFIX"], TOLD)

    async def say(self, *events: EventData, times: int = 2) -> None:
        await super().say(*events, times=times)
