"""The public page of a video, and its owner's switch for it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, Response

from octavia_gateway.auth.dependencies import CurrentUser, anonymous
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources
from octavia_gateway.videos import share_page
from octavia_gateway.videos.content import delivered
from octavia_gateway.videos.content_endpoints import CLIP_CONTENT, POSTER_CONTENT, REMOTE, file_responses
from octavia_gateway.videos.schemas import ShareResponse
from octavia_gateway.videos.sharing import ShareNotFoundError

router = APIRouter(prefix="/api/v1/videos", tags=["videos"], route_class=IdempotentRoute)
public = APIRouter(prefix="/s", tags=["shared"], dependencies=[Depends(anonymous)])

Token = Annotated[str, Path(max_length=200)]

_PAGE: dict[int | str, dict[str, Any]] = {
    404: {"description": "Nothing is shared here, or not any more.", "content": {"text/html": {}}},
}
_CLIP: dict[int | str, Any] = {**file_responses(CLIP_CONTENT, 404, signed_in=False), **REMOTE}
_POSTER: dict[int | str, Any] = file_responses(POSTER_CONTENT, 404, signed_in=False)


@router.post("/{video_id}/share", responses=problems(404, 409, 410, 422))
async def share_video(video_id: UUID, user: CurrentUser, resources: CurrentResources) -> ShareResponse:
    """Give the video a public page, which whoever has its address can see. A page that it has stays."""
    video, share = await resources.videos.sharing.share(user.user_id, video_id)
    return ShareResponse.of(video, share, resources.settings.public_base())


@router.delete("/{video_id}/share", status_code=204, responses=problems(404, 422))
async def revoke_share(video_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Take the public page away. A later one has another address."""
    await resources.videos.sharing.revoke(user.user_id, video_id)
    return Response(status_code=204)


@public.head("/{token}", include_in_schema=False)
@public.get("/{token}", response_class=HTMLResponse, responses=_PAGE)
async def shared_page(
    request: Request, token: Token, resources: CurrentResources, language: ReaderLanguage
) -> HTMLResponse:
    """The page of a shared video."""
    try:
        video = await resources.videos.sharing.seen(token, views=int(request.method == "GET"))
    except ShareNotFoundError:
        return _html(share_page.render_missing(language), 404, share_page.policy(None))
    clip = delivered(video)
    page = share_page.render(video, clip, token, resources.settings.public_base(), language)
    return _html(page, 200, share_page.policy(clip))


@public.head("/{token}/video", include_in_schema=False)
@public.get("/{token}/video", response_class=Response, responses=_CLIP)
async def shared_clip(request: Request, token: Token, resources: CurrentResources) -> Response:
    """The clip of a shared video; ranges are served."""
    video = await resources.videos.sharing.seen(token)
    return _embeddable(await resources.videos.content.clip(request, video))


@public.head("/{token}/poster", include_in_schema=False)
@public.get("/{token}/poster", response_class=Response, responses=_POSTER)
async def shared_poster(request: Request, token: Token, resources: CurrentResources) -> Response:
    """The first frame of a shared video."""
    video = await resources.videos.sharing.seen(token)
    return _embeddable(await resources.videos.content.poster(request, video))


@public.head("/{token}/download", include_in_schema=False)
@public.get("/{token}/download", response_class=Response, responses=_CLIP)
async def shared_download(request: Request, token: Token, resources: CurrentResources) -> Response:
    """The clip of a shared video, to be saved. Going on with an interrupted download is not counted again."""
    begins = request.method == "GET" and "range" not in request.headers
    video = await resources.videos.sharing.seen(token, downloads=int(begins))
    return await resources.videos.content.clip(request, video)


def _html(page: str, status: int, policy: str) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "Vary": "Accept-Language",
    }
    return HTMLResponse(page, status, headers=headers)


def _embeddable(response: Response) -> Response:
    """What pages elsewhere show as a preview is not kept from them: it is public."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
