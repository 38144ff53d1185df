"""The HTTP interface of videos."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from octavia_common.events import VideoTask

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.bodies import bounded
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_moment, encode_cursor
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources
from octavia_gateway.videos.offers import ModelsResponse, StatsResponse, StylesResponse
from octavia_gateway.videos.repository import Wanted
from octavia_gateway.videos.schemas import CreateVideos, Name, VideoPage, VideoResponse, VideosCreated
from octavia_gateway.videos.states import VideoStatus

LARGEST_BATCH_BYTES = 640 * 1024
"""Fifty prompts of 2,000 characters, in whatever script, as JSON spells them."""


class BatchRoute(IdempotentRoute):
    """A route whose body may hold fifty prompts."""

    def prepared(self, request: Request) -> Request:
        """The request as the handler gets it."""
        return bounded(request, LARGEST_BATCH_BYTES)


router = APIRouter(prefix="/api/v1/videos", tags=["videos"], route_class=IdempotentRoute)
batches = APIRouter(prefix="/api/v1/videos", tags=["videos"], route_class=BatchRoute)


@batches.post("", status_code=202, responses=problems(402, 404, 409, 422, 503))
async def create_videos(
    body: CreateVideos, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> VideosCreated:
    """Have videos made of a prompt or a picture. The credits of all are held, or of none; each that fails
    gives its own back."""
    return VideosCreated.of(await resources.videos.making.create(user.user_id, body), language)


@router.get("", responses=problems(422))
async def list_videos(
    user: CurrentUser,
    resources: CurrentResources,
    language: ReaderLanguage,
    status: Annotated[list[VideoStatus] | None, Query(max_length=10)] = None,
    task: Annotated[list[VideoTask] | None, Query(max_length=10)] = None,
    style: Annotated[Name | None, Query(max_length=100)] = None,
    batch_id: UUID | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Words of the prompt.")] = None,
    deleted: Annotated[bool, Query(description="Those that can be restored instead.")] = False,
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> VideoPage:
    """Your videos, newest first."""
    wanted = Wanted(
        statuses=[one.value for one in status or ()],
        tasks=[one.value for one in task or ()],
        style=style,
        batch_id=batch_id,
        text=_searchable(q),
        deleted=deleted,
    )
    videos = await resources.videos.service.page(
        user.user_id, wanted, before=decode_moment(cursor), limit=limit + 1
    )
    items, more = videos[:limit], len(videos) > limit
    signer = resources.videos.signer
    return VideoPage(
        items=[VideoResponse.of(one, language, await signer.urls(one)) for one in items],
        next_cursor=encode_cursor(items[-1].created_at, items[-1].video_id) if more else None,
    )


def _searchable(text: str | None) -> str | None:
    """What can be searched for: PostgreSQL keeps no NUL, so no prompt has one."""
    return (text or "").replace("\0", "").strip() or None


@router.get("/models", responses=problems(503))
async def list_models(user: CurrentUser, resources: CurrentResources) -> ModelsResponse:
    """What can be asked for now: models, their tasks, lengths, shapes, prices. The first is the default."""
    return ModelsResponse.of(await resources.videos.making.offer(user.user_id))


@router.get("/styles", responses=problems())
async def list_styles(
    user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> StylesResponse:
    """Presets: what each adds to the prompt, and what it avoids."""
    return StylesResponse.of(resources.videos.styles, language)


@router.get("/stats", responses=problems())
async def get_stats(user: CurrentUser, resources: CurrentResources) -> StatsResponse:
    """Your videos in numbers."""
    return await resources.videos.stats.of(user.user_id)


@router.get("/{video_id}", responses=problems(404, 422))
async def get_video(
    video_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> VideoResponse:
    """One video and how it stands. To follow it, `GET /api/v1/videos/{id}/events` sends the same, live."""
    video = await resources.videos.service.get(user.user_id, video_id)
    return VideoResponse.of(video, language, await resources.videos.signer.urls(video, thoroughly=True))


@router.post("/{video_id}/cancel", status_code=202, responses=problems(404, 409, 422))
async def cancel_video(
    video_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> VideoResponse:
    """Cancel the video; its credits come back. It is over once its status says so."""
    return VideoResponse.of(await resources.videos.service.cancel(user.user_id, video_id), language)


@router.post("/{video_id}/retry", status_code=202, responses=problems(402, 404, 409, 422, 503))
async def retry_video(
    video_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> VideoResponse:
    """Have a failed or cancelled video made after all; its credits are held again, at today's price."""
    return VideoResponse.of(await resources.videos.making.retry(user.user_id, video_id), language)


@router.delete("/{video_id}", status_code=204, responses=problems(404, 409, 422))
async def delete_video(video_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Delete a video that is not being made. It can be restored until its files are removed."""
    await resources.videos.service.delete(user.user_id, video_id)
    return Response(status_code=204)


@router.post("/{video_id}/restore", responses=problems(404, 409, 422))
async def restore_video(
    video_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> VideoResponse:
    """Undo the deletion of a video."""
    video = await resources.videos.service.restore(user.user_id, video_id)
    return VideoResponse.of(video, language, await resources.videos.signer.urls(video, thoroughly=True))
