"""The live streams (server-sent events)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.batches.followed import FollowedBatch
from octavia_gateway.events.handover import HandoverResponse
from octavia_gateway.events.service import Followed
from octavia_gateway.jobs.followed import FollowedJob
from octavia_gateway.resources import CurrentResources
from octavia_gateway.videos.followed import FollowedVideo

router = APIRouter(prefix="/api/v1", tags=["events"])

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="Resume behind this event, on whatever replica."),
]

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of events `job.updated`, `job.completed`, `job.failed`, `job.cancelled` and "
        "`job.deleted`. The data of each is the job as `GET /api/v1/jobs/{id}` answers it. Of videos "
        "`video.` and the same words, `video.expired` and `video.restored`, with what "
        "`GET /api/v1/videos/{id}` answers, less signed addresses. Of batches `batch.updated` and "
        "`batch.ended`, with what `GET /api/v1/batches/{id}` answers. The stream ends "
        "when the access token runs out or its session or key is ended: connect again with a new one.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/events", response_class=Response, responses=_STREAM)
async def follow_all(
    user: CurrentUser, resources: CurrentResources, last_event_id: LastEventId = None
) -> Response:
    """Follow all of your jobs and videos."""
    return await _follow(user, resources, None, last_event_id)


@router.get(
    "/jobs/{job_id}/events",
    response_class=Response,
    responses={**_STREAM, 204: {"description": "The job has ended and its last event was seen: stop."}},
)
async def follow_job(
    job_id: UUID, user: CurrentUser, resources: CurrentResources, last_event_id: LastEventId = None
) -> Response:
    """Follow one job: how it stands now, then every change, until it ends."""
    return await _follow(user, resources, FollowedJob(job_id), last_event_id)


@router.get(
    "/batches/{batch_id}/events",
    response_class=Response,
    responses={**_STREAM, 204: {"description": "The batch has ended and its last event was seen: stop."}},
)
async def follow_batch(
    batch_id: UUID, user: CurrentUser, resources: CurrentResources, last_event_id: LastEventId = None
) -> Response:
    """Follow one batch: how it stands now, then every change, until all of its jobs have ended."""
    return await _follow(user, resources, FollowedBatch(batch_id), last_event_id)


@router.get(
    "/videos/{video_id}/events",
    response_class=Response,
    responses={**_STREAM, 204: {"description": "The video has ended and its last event was seen: stop."}},
)
async def follow_video(
    video_id: UUID, user: CurrentUser, resources: CurrentResources, last_event_id: LastEventId = None
) -> Response:
    """Follow one video: how it stands now, then every change, until it ends."""
    return await _follow(user, resources, FollowedVideo(video_id), last_event_id)


async def _follow(
    user: CurrentUser, resources: CurrentResources, followed: Followed | None, last_event_id: str | None
) -> Response:
    stream = await resources.streams.open(user, followed, _number(last_event_id))
    if stream is None:
        return Response(status_code=204)
    return HandoverResponse(stream, headers=_HEADERS, media_type="text/event-stream")


def _number(last_event_id: str | None) -> int | None:
    """The number of a Last-Event-ID; what is none of ours counts as absent."""
    if last_event_id is None or not (last_event_id.isascii() and last_event_id.isdigit()):
        return None
    number = int(last_event_id[:19])
    return number if number < 2**63 else None
