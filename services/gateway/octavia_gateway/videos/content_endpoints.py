"""The clip and its poster, for their owner."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from octavia_gateway.auth.dependencies import CurrentViewer
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/videos", tags=["videos"])

CLIP_CONTENT: dict[str, Any] = {"video/mp4": {}}
POSTER_CONTENT: dict[str, Any] = {"image/webp": {}}


def file_responses(content: dict[str, Any], *statuses: int, signed_in: bool = True) -> Any:
    """The `responses` of an endpoint that serves a file."""
    return {
        **problems(409, 416, *statuses, signed_in=signed_in),
        200: {"content": content, "description": "The file."},
        206: {"content": content, "description": "The part of it that was asked for."},
        304: {"description": "The file that the client has."},
    }


REMOTE: dict[int | str, Any] = {307: {"description": "The provider keeps the clip: it is there."}}
CLIP_RESPONSES: dict[int | str, Any] = {**file_responses(CLIP_CONTENT, 410), **REMOTE}
POSTER_RESPONSES: dict[int | str, Any] = file_responses(POSTER_CONTENT, 410)


@router.head("/{video_id}/content", include_in_schema=False)
@router.get("/{video_id}/content", response_class=Response, responses=CLIP_RESPONSES)
async def content(
    request: Request, video_id: UUID, user: CurrentViewer, resources: CurrentResources
) -> Response:
    """The clip, named after its prompt; ranges are served."""
    video = await resources.videos.service.get(user.user_id, video_id)
    return await resources.videos.content.clip(request, video)


@router.head("/{video_id}/thumbnail", include_in_schema=False)
@router.get("/{video_id}/thumbnail", response_class=Response, responses=POSTER_RESPONSES)
async def thumbnail(
    request: Request, video_id: UUID, user: CurrentViewer, resources: CurrentResources
) -> Response:
    """The clip's first frame (WebP)."""
    video = await resources.videos.service.get(user.user_id, video_id)
    return await resources.videos.content.poster(request, video)
