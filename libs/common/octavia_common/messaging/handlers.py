"""What a service writes: handlers. Everything around them is the shell's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from octavia_common.cancellation import CancelToken
from octavia_common.events import CloudEvent, EventData

D_contra = TypeVar("D_contra", bound=EventData, contravariant=True)


@dataclass(frozen=True)
class Work:
    """What belongs to one piece of work: when to stop, and an empty folder that goes when it ends."""

    cancel: CancelToken
    scratch: Path


class StageHandler(Protocol):
    """A pure stage: artifacts in, artifacts out, and the events that tell of them.

    Raises PermanentError where the input is at fault (the job fails with the error's message) and
    TransientError, or anything unexpected, where another try may help.
    """

    async def handle(self, event: CloudEvent[Any], work: Work) -> Sequence[EventData]:
        """Work on one event; the shell publishes what is returned, then acknowledges."""
        ...


class TransactionalHandler(Protocol):
    """An effect in the service's tables; inbox, effect and outbox are one transaction of the shell."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Apply the events not seen before, in order; what is returned goes to the outbox."""
        ...
