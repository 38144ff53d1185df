"""A video as the gateway keeps it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from octavia_common.events import JobRef, RequestedVideo, VideoSpec, VideoTask, hold_id_of

from octavia_gateway.videos.run import VideoRun
from octavia_gateway.videos.states import VideoStatus


@dataclass(frozen=True)
class Share:
    """A public page of a video; the token is all that one needs to see it."""

    token: str
    shared_at: datetime


@dataclass(frozen=True)
class Video:
    """What was asked for, and the run in hand: the `attempt`-th, counted from 1, on the hold `hold_id`.

    `prompt` is what the user wrote; what the provider is told is in `spec`.
    """

    video_id: UUID
    user_id: UUID
    batch_id: UUID
    prompt: str
    style: str | None
    task: VideoTask
    file_id: UUID | None
    spec: VideoSpec
    quote_credits: int
    price_version: str
    created_at: datetime
    attempt: int
    hold_id: UUID
    submitted_at: datetime
    deadline_at: datetime
    run: VideoRun = field(default_factory=VideoRun)
    cancel_requested_at: datetime | None = None
    given_up_at: datetime | None = None
    deleted_at: datetime | None = None
    share: Share | None = None
    views: int = 0
    downloads: int = 0

    @property
    def status(self) -> VideoStatus:
        """Where the video stands."""
        return self.run.status

    def ref(self) -> JobRef:
        """The reference that events of the run carry."""
        return JobRef(
            job_id=self.video_id, user_id=self.user_id, hold_id=self.hold_id, deadline_at=self.deadline_at
        )

    def requested(self) -> RequestedVideo:
        """The video as billing is asked to hold it."""
        return RequestedVideo(job=self.ref(), spec=self.spec, credits=self.quote_credits)

    def resubmitted(
        self, *, spec: VideoSpec, credits: int, price_version: str, at: datetime, deadline_at: datetime
    ) -> "Video":
        """The video at the start of a new run, with a hold of its own and nothing known yet."""
        attempt = self.attempt + 1
        return replace(
            self,
            spec=spec,
            quote_credits=credits,
            price_version=price_version,
            attempt=attempt,
            hold_id=hold_id_of(self.video_id, attempt),
            submitted_at=at,
            deadline_at=deadline_at,
            cancel_requested_at=None,
            given_up_at=None,
            run=VideoRun(),
        )

    def cancelled(self, *, at: datetime) -> "Video":
        """The video with its cancellation asked for; it ends when billing says so."""
        return replace(self, run=replace(self.run, cancel_requested=True), cancel_requested_at=at)
