"""What a user's streams are told of a video: the document that a poll would answer, less signed addresses."""

from octavia_gateway.events.log import Draft
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.schemas import VideoResponse


def kind_of(video: Video) -> str:
    """The event's name: `video.completed`, `.failed`, `.cancelled`, `.expired` at an end, else `.updated`."""
    return f"video.{video.status.value}" if video.status.ended else "video.updated"


def draft_of(video: Video, kind: str | None = None) -> Draft:
    """The event that tells how the video stands."""
    body = VideoResponse.of(video).model_dump_json()
    return Draft(video.user_id, video.video_id, kind or kind_of(video), body)


def deleted_draft(video: Video) -> Draft:
    """The event that tells that it is not there any more."""
    return Draft(video.user_id, video.video_id, "video.deleted", f'{{"id":"{video.video_id}"}}')
