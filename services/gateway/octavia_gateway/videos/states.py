"""The words for where a video stands."""

from enum import StrEnum


class VideoStatus(StrEnum):
    """What a video is doing, as its owner is told."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def at_work(self) -> bool:
        """Whether a run is going on: credits are held, or about to be."""
        return self in (VideoStatus.PENDING, VideoStatus.PROCESSING)

    @property
    def ended(self) -> bool:
        """Whether the run is over; a failed or cancelled video may be tried again."""
        return not self.at_work

    @property
    def refunded(self) -> bool:
        """Whether the run ended without a video, and its credits came back."""
        return self in (VideoStatus.FAILED, VideoStatus.CANCELLED)
