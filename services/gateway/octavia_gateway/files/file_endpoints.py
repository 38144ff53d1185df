"""Upload by form; list, see and delete files."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from octavia_gateway.auth.dependencies import CurrentUser, CurrentViewer
from octavia_gateway.files.admission import unless_idle
from octavia_gateway.files.deletion import delete_file
from octavia_gateway.files.models import FileType
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.files.schemas import FilePage, FileResponse
from octavia_gateway.files.services import CurrentFiles
from octavia_gateway.files.serving import serve
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_moment, encode_cursor
from octavia_gateway.resources import CurrentResources


class UploadRoute(IdempotentRoute):
    """Honours Idempotency-Key too, without reading a body that may be of any size."""

    def prepared(self, request: Request) -> Request:
        """The request itself: its body is bounded where it is received."""
        return request

    async def identity(self, request: Request) -> bytes:
        """The same place, parameters and length; what the bytes are is known too late."""
        length = request.headers.get("content-length", "")
        return "\0".join((request.method, request.url.path, request.url.query, length)).encode()


router = APIRouter(prefix="/api/v1", tags=["files"], route_class=UploadRoute)
files = FilesRepository()

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("/upload", status_code=201, openapi_extra=_FORM)
async def upload_form(
    request: Request,
    user: CurrentUser,
    resources: CurrentResources,
    services: CurrentFiles,
    file_type: Annotated[FileType, Query(description="What the file is to be used as.")] = FileType.VIDEO,
) -> FileResponse:
    """Upload a file as a multipart form. It is checked before this answers; large ones better come by tus."""
    length = request.headers.get("content-length", "")
    with services.slots.one():
        record = await services.intake.receive_form(
            user.user_id,
            file_type,
            content_type=request.headers.get("content-type"),
            content_length=int(length) if length.isdecimal() else None,
            body=unless_idle(request.stream(), resources.settings.upload_idle_seconds),
        )
    return FileResponse.of(record)


@router.get("/files")
async def list_files(
    user: CurrentUser, resources: CurrentResources, limit: Limit = 20, cursor: CursorQuery = None
) -> FilePage:
    """The user's files, newest first."""
    before = decode_moment(cursor)
    async with resources.database.user_transaction(user.user_id) as connection:
        found = await files.page(connection, user.user_id, before=before, limit=limit + 1)
    items, more = found[:limit], len(found) > limit
    return FilePage(
        items=[FileResponse.of(record) for record in items],
        next_cursor=encode_cursor(items[-1].created_at, items[-1].file_id) if more else None,
    )


@router.get("/files/{file_id}")
async def see_file(file_id: UUID, user: CurrentUser, resources: CurrentResources) -> FileResponse:
    """One file."""
    async with resources.database.user_transaction(user.user_id) as connection:
        return FileResponse.of(await files.get(connection, user.user_id, file_id))


_CONTENT: dict[str, Any] = {"video/*": {}, "audio/*": {}, "image/*": {}, "application/octet-stream": {}}


@router.head("/files/{file_id}/content", include_in_schema=False)
@router.get(
    "/files/{file_id}/content",
    response_class=Response,
    responses={
        **problems(416),
        200: {"content": _CONTENT, "description": "The file."},
        206: {"content": _CONTENT, "description": "The part of it that was asked for."},
        304: {"description": "The file that the client has."},
    },
)
async def file_content(
    request: Request, file_id: UUID, user: CurrentViewer, resources: CurrentResources
) -> Response:
    """The file itself, as it was uploaded; ranges are served."""
    async with resources.database.user_transaction(user.user_id) as connection:
        record = await files.get(connection, user.user_id, file_id)
    return await serve(
        request, resources.store, record.artifact, filename=record.filename, modified=record.created_at
    )


@router.delete("/files/{file_id}", status_code=204, responses=problems(409))
async def remove_file(file_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Delete a file for good; 409 while a job that has not ended needs it."""
    await delete_file(resources.database, resources.store, user.user_id, file_id)
    return Response(status_code=204)
