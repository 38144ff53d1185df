"""One run of a video, folded from events in whatever order they arrive.

Events of different topics overtake each other and may come twice. So each fact only grows, and what is shown
is a function of the facts: nothing depends on which event came first. Pure: no clock, no SQL.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from octavia_common.events import (
    ArtifactRef,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    EventData,
    JobError,
    ReleaseReason,
    VideoExpired,
    VideoGenerated,
    VideoProgressed,
    VideoReserved,
    VideoState,
)
from octavia_common.events.base import Value

from octavia_gateway.videos.states import VideoStatus

GENERATING_PERCENT, MADE_PERCENT = 50, 99
"""What is shown at least: once the provider works on it, and once the clip is there."""


class Clip(Value):
    """What was made. `video` is the clip, or a `RemoteVideo` document where its provider keeps it."""

    video: ArtifactRef
    poster: ArtifactRef | None = None
    kept_by_provider: bool = False
    provider: str
    model: str
    duration_seconds: float
    width: int
    height: int

    @classmethod
    def of(cls, event: VideoGenerated) -> Self:
        """What an event tells of."""
        return cls.model_validate(event.model_dump(exclude={"job"}))


@dataclass(frozen=True)
class VideoRun:
    """The facts known of a run.

    `started_at` is when its credits were held, `charged` is set once they are taken. It is completed only
    when the clip is known too, and ended otherwise only when nothing is held any more.
    """

    status: VideoStatus = VideoStatus.PENDING
    generating: bool = False
    percent: int = 0
    clip: Clip | None = None
    charged: int | None = None
    error: JobError | None = None
    cancel_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def progress(self) -> int:
        """Percent; never falls within a run."""
        if self.status in (VideoStatus.COMPLETED, VideoStatus.EXPIRED):
            return 100
        if self.clip is not None or self.charged is not None:
            return MADE_PERCENT
        return max(self.percent, GENERATING_PERCENT if self.generating else 0)

    @property
    def late(self) -> bool:
        """Whether the clip came though the credits had gone back."""
        return self.status.refunded and self.clip is not None

    @property
    def delivered(self) -> Clip | None:
        """The clip, once it is paid for and for as long as somebody keeps it."""
        return self.clip if self.status is VideoStatus.COMPLETED else None


def apply(run: VideoRun, event: EventData, at: datetime) -> VideoRun:
    """The run after `event`, which happened `at`. An ended status stays, but for a clip that is gone."""
    fold = _FOLDS.get(type(event))
    return run if fold is None else _settled(fold(run, event, at), at)


def _settled(run: VideoRun, at: datetime) -> VideoRun:
    if run.status.at_work:
        if run.charged is not None and run.clip is not None:
            run = replace(run, status=VideoStatus.COMPLETED, finished_at=at)
        elif run.generating or run.charged is not None or run.clip is not None:
            run = replace(run, status=VideoStatus.PROCESSING)
    if run.status is VideoStatus.COMPLETED and run.gone_at is not None:
        return replace(run, status=VideoStatus.EXPIRED)
    return run


def _ended(run: VideoRun, status: VideoStatus, error: JobError | None, at: datetime) -> VideoRun:
    if run.status.ended:
        return run
    return replace(run, status=status, error=error, finished_at=at)


def _reserved(run: VideoRun, event: VideoReserved, at: datetime) -> VideoRun:
    return replace(run, started_at=at if run.started_at is None else min(run.started_at, at))


def _progressed(run: VideoRun, event: VideoProgressed, at: datetime) -> VideoRun:
    if run.status.ended:
        return run
    generating = run.generating or event.state is VideoState.PROCESSING
    return replace(run, generating=generating, percent=max(run.percent, event.percent))


def _generated(run: VideoRun, event: VideoGenerated, at: datetime) -> VideoRun:
    return run if run.clip is not None else replace(run, clip=Clip.of(event))


def _expired(run: VideoRun, event: VideoExpired, at: datetime) -> VideoRun:
    return replace(run, gone_at=run.gone_at or at)


def _rejected(run: VideoRun, event: CreditsRejected, at: datetime) -> VideoRun:
    return _ended(run, VideoStatus.FAILED, event.error, at)


def _captured(run: VideoRun, event: CreditsCaptured, at: datetime) -> VideoRun:
    return run if run.status.ended else replace(run, charged=event.amount)


def _released(run: VideoRun, event: CreditsReleased, at: datetime) -> VideoRun:
    if event.reason is ReleaseReason.CANCELLED:
        return _ended(run, VideoStatus.CANCELLED, None, at)
    return _ended(run, VideoStatus.FAILED, event.error, at)


_FOLDS: dict[type[EventData], Callable[[VideoRun, Any, datetime], VideoRun]] = {
    VideoReserved: _reserved,
    VideoProgressed: _progressed,
    VideoGenerated: _generated,
    VideoExpired: _expired,
    CreditsRejected: _rejected,
    CreditsCaptured: _captured,
    CreditsReleased: _released,
}
