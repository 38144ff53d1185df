"""Videos given by URL: begin, look at, give up."""

from uuid import UUID

from fastapi import APIRouter, Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.remote.schemas import RemoteUploadRequest, RemoteUploadResponse
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/upload/from-url", tags=["files"], route_class=IdempotentRoute)


@router.post("", status_code=202, responses=problems(403, 413, 422))
async def fetch_from_url(
    wanted: RemoteUploadRequest,
    response: Response,
    user: CurrentUser,
    resources: CurrentResources,
    language: ReaderLanguage,
) -> RemoteUploadResponse:
    """Have a file fetched from a public server. It takes its time: look at `Location` until it is finished.

    Size, time and type are bounded as with uploads. Playlists and web pages are not followed.
    """
    upload = await resources.remote.begin(user.user_id, wanted.url, wanted.file_type, wanted.filename)
    response.headers["Location"] = f"{router.prefix}/{upload.upload_id}"
    return RemoteUploadResponse.of(upload, language)


@router.get("/{fetch_id}", responses=problems(404, 422))
async def see_fetch(
    fetch_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> RemoteUploadResponse:
    """How far it is, and what became of it."""
    return RemoteUploadResponse.of(await resources.remote.get(user.user_id, fetch_id), language)


@router.delete("/{fetch_id}", status_code=204, responses=problems(404, 422))
async def give_up_fetch(fetch_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Stop and forget it. A file that it became stays."""
    await resources.remote.delete(user.user_id, fetch_id)
    return Response(status_code=204)
