"""Who puts a language together: the kind of its job decides."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import CloudEvent, EventData
from octavia_common.messaging.handlers import StageHandler, Work


class AssembleByKind:
    """Hands each language to `dubbing`, or to `writing` where it is only written."""

    def __init__(self, dubbing: StageHandler, writing: StageHandler) -> None:
        self._dubbing = dubbing
        self._writing = writing

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        """Raises what they raise."""
        stage = self._writing if event.data.spec.kind.written else self._dubbing
        return await stage.handle(event, work)
