"""What web hooks can be told of: the ends of jobs and videos, and that a job waits for its owner."""

from enum import StrEnum


class Kind(StrEnum):
    """Events by the names that they have on the streams."""

    JOB_COMPLETED = "job.completed"
    JOB_PARTIALLY_COMPLETED = "job.partially_completed"
    JOB_REVIEW = "job.review"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    VIDEO_COMPLETED = "video.completed"
    VIDEO_FAILED = "video.failed"
    VIDEO_CANCELLED = "video.cancelled"
    VIDEO_EXPIRED = "video.expired"


KINDS = frozenset(Kind)
TEST = "webhook.test"
"""Sent when its owner asks for one."""
