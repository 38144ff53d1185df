"""What a provider says of a video, and what its owner is shown of it."""

from dataclasses import dataclass
from enum import StrEnum

from octavia_common.events import VideoState


class ProviderState(StrEnum):
    """A video as its provider sees it; a model may skip some."""

    WAITING = "waiting"
    QUEUING = "queuing"
    GENERATING = "generating"
    SUCCESS = "success"
    FAIL = "fail"


PENDING_PERCENT = 10
PROCESSING_PERCENT = 50
"""Shown where the provider has no finer figure."""

FETCHING_PERCENT = 95
"""The provider has made it; it is being brought home and looked at."""

MOST_PERCENT = 99
"""100 is shown when it is paid, and by nobody before."""


@dataclass(frozen=True, order=True)
class Shown:
    """What the owner sees of a video that has not ended. Greater is further on."""

    percent: int
    state: VideoState

    def advanced_to(self, other: "Shown") -> "Shown":
        """The further one of both in each respect: neither percent nor state ever goes back."""
        processing = VideoState.PROCESSING in (self.state, other.state)
        return Shown(
            max(self.percent, other.percent), VideoState.PROCESSING if processing else VideoState.PENDING
        )


NOTHING_YET = Shown(0, VideoState.PENDING)
ORDERED = Shown(PENDING_PERCENT, VideoState.PENDING)
FETCHING = Shown(FETCHING_PERCENT, VideoState.PROCESSING)


def shown_of(state: ProviderState, figure: float | None) -> Shown:
    """What is shown for a state; `figure` is the provider's own progress, 0 to 100, where it has one."""
    if state in (ProviderState.WAITING, ProviderState.QUEUING):
        return ORDERED
    if state is ProviderState.SUCCESS:
        return FETCHING
    if figure is None:
        return Shown(PROCESSING_PERCENT, VideoState.PROCESSING)
    # The last steps are ours: a provider that says 100 has still to say that it succeeded.
    percent = min(max(round(figure), PENDING_PERCENT), FETCHING_PERCENT - 1)
    return Shown(percent, VideoState.PROCESSING)
