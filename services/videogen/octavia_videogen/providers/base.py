"""What a provider is to the service.

An adapter speaks one protocol and knows nothing of holds, schedules or events. What it is told and says
are the values below; how a call went is said by the kind of its error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from octavia_common.events import ArtifactRef, VideoSpec

from octavia_videogen.domain.catalogue import TaskForm
from octavia_videogen.domain.rate import RateLimit
from octavia_videogen.domain.states import ProviderState


class PictureBy(StrEnum):
    """How a provider wants the first frame."""

    ADDRESS = "address"
    BYTES = "bytes"
    REFERENCE = "reference"
    """From our own store."""


@dataclass(frozen=True)
class Picture:
    """The first frame, upright and without metadata: a JPEG in the store, and as its provider wants it, by a
    short-lived `address` or as a file."""

    ref: ArtifactRef
    address: str | None = None
    path: Path | None = None


@dataclass(frozen=True)
class Order:
    """One video to be made. `hold_id` names the run, `form` how the model wants to be asked."""

    hold_id: UUID
    user_id: UUID
    spec: VideoSpec
    form: TaskForm
    callback_url: str | None = None
    picture: Picture | None = None


@dataclass(frozen=True)
class Record:
    """What a provider's record says of a task.

    `figure` is its own progress (0 to 100), `results` where the video can be had (believed on success alone),
    `reason` why it failed, and `model` and `callback_url` what it says it was ordered with, where it says so.
    """

    state: ProviderState
    figure: float | None = None
    results: tuple[str, ...] = ()
    reason: str = ""
    model: str | None = None
    callback_url: str | None = None


@dataclass(frozen=True)
class Sent:
    """What is put on record of an order before it is sent: no secret and no signed address."""

    model: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """Makes videos. Every call is bounded in time."""

    name: str
    picture_by: PictureBy
    order_limit: RateLimit | None
    """How many orders it takes, over all replicas; None for any number."""

    results_are_addresses: bool
    """Whether its results are addresses that everybody can open, and may be kept where they are."""

    @property
    def lost_orders_may_return(self) -> bool:
        """Whether a call-back may still tell of an order whose answer was lost."""
        ...

    orders_are_listed: bool
    """Whether `listed` can find an order whose answer was lost."""

    @property
    def orders_are_idempotent(self) -> bool:
        """Whether the order of one run sent twice is one order."""
        ...

    async def start(self) -> None:
        """Raises EngineUnavailableError, with one clear line, where it cannot work as it is set up."""
        ...

    async def close(self) -> None:
        """Let go of connections and threads."""
        ...

    def put_on_record(self, order: Order) -> Sent:
        """What `create` would send."""
        ...

    async def create(self, order: Order) -> str:
        """Order a video; returns the provider's id of it.

        Raises:
            ProviderRefusedError, ProviderAccountError, ModelUnavailableError: it takes no such order.
            OrderDeferredError: it certainly did not take it now.
            AnswerLostError: it may have taken it. It must not be sent again.
        """
        ...

    async def listed(self, sent: Sent, ordered_at: datetime) -> Sequence[str]:
        """Ids of what the provider took at about that time and that is all that was sent, the oldest first.

        Nothing where that cannot be told. Raises LookFailedError.
        """
        ...

    async def look(self, task: str) -> Record:
        """The provider's record. Raises TaskUnknownError, LookFailedError."""
        ...

    async def cancel(self, task: str) -> bool:
        """Give a task up; False where the provider has no such thing. Raises LookFailedError."""
        ...

    async def fetch(self, task: str, result: str, path: Path) -> None:
        """Write the video to `path`.

        Raises ResultGoneError or another PermanentError where it is not to be had, TransientError where
        another try may help.
        """
        ...

    async def still_there(self, result: str) -> bool:
        """Whether a result can still be had by everybody. Raises TransientError where nobody can tell now."""
        ...
