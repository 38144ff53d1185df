"""tus 1.0 over HTTP."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.routing import APIRoute
from octavia_common.errors import OctaviaError
from starlette.responses import Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.auth.user import User
from octavia_gateway.bodies import check_encoding
from octavia_gateway.files.admission import unless_idle
from octavia_gateway.files.models import FileType
from octavia_gateway.files.schemas import UploadResponse
from octavia_gateway.files.services import CurrentFiles, FileServices
from octavia_gateway.files.tus import protocol
from octavia_gateway.files.tus.models import Upload, UploadState
from octavia_gateway.openapi import problems
from octavia_gateway.problems import ApiError
from octavia_gateway.resources import CurrentResources, Resources


class TusRoute(APIRoute):
    """Puts the protocol's header on errors too, as its text demands of every answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler with that added."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                check_encoding(request)
                return await handle(request)
            except OctaviaError as error:
                headers = {"Tus-Resumable": protocol.VERSION, **getattr(error, "headers", {})}
                if isinstance(error, protocol.TusVersionError):
                    headers["Tus-Version"] = protocol.VERSION
                error.headers = headers  # type: ignore[attr-defined]  # what problem documents are sent with
                raise

        return handler


router = APIRouter(prefix="/api/v1/uploads", tags=["resumable uploads"], route_class=TusRoute)

FileTypeQuery = Annotated[
    FileType | None, Query(description="What the file is to be used as; or `file_type` in Upload-Metadata.")
]


class MethodNotOverriddenError(ApiError):
    """A POST to an upload that does not stand for another method."""

    status = 405
    code = "method_not_allowed"


@router.options("", status_code=204, response_class=Response)
@router.options("/{upload_id}", status_code=204, include_in_schema=False)
async def discover(resources: CurrentResources) -> Response:
    """What this server can do."""
    return Response(status_code=204, headers=protocol.discovery_headers(resources.settings.max_upload_bytes))


_EMPTY: dict[str, Any] = {
    "response_class": Response,
    "responses": problems(400, 404, 409, 410, 412, 413, 460),
}


@router.post("", status_code=201, **_EMPTY)
async def create(
    request: Request,
    user: CurrentUser,
    resources: CurrentResources,
    services: CurrentFiles,
    file_type: FileTypeQuery = None,
) -> Response:
    """Begin an upload; a body of the type `application/offset+octet-stream` is its first bytes."""
    protocol.check_version(request.headers.get("tus-resumable"))
    length = protocol.parse_number("Upload-Length", request.headers.get("upload-length"))
    described = request.headers.get("upload-metadata", "")
    metadata = protocol.parse_metadata(described)
    with_bytes = bool(request.headers.get("content-type"))
    if with_bytes:
        protocol.check_content_type(request.headers.get("content-type"))
    upload = await services.uploads.create(
        user.user_id,
        length=length,
        file_type=file_type or _file_type(metadata.get("file_type")),
        filename=metadata.get("filename") or metadata.get("name") or "",
        metadata=described,
    )
    location = str(router.url_path_for("status_of", upload_id=upload.upload_id))
    if with_bytes:
        upload = await _append(request, user, resources, services, upload.upload_id, 0)
    return Response(status_code=201, headers={"Location": location, **_headers(upload)})


@router.head("/{upload_id}", response_class=Response, responses=problems(404, 412))
async def offset_of(request: Request, upload_id: UUID, user: CurrentUser, services: CurrentFiles) -> Response:
    """How many bytes are here."""
    protocol.check_version(request.headers.get("tus-resumable"))
    upload = await services.uploads.get(user.user_id, upload_id)
    headers = {**_headers(upload), "Upload-Length": str(upload.length)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(status_code=200, headers=headers)


@router.get("/{upload_id}")
async def status_of(upload_id: UUID, user: CurrentUser, services: CurrentFiles) -> UploadResponse:
    """What became of an upload: its file, or why it was refused. Not of tus; for everybody else."""
    return UploadResponse.of(await services.uploads.get(user.user_id, upload_id))


@router.patch("/{upload_id}", status_code=204, **_EMPTY)
async def append(
    request: Request,
    upload_id: UUID,
    user: CurrentUser,
    resources: CurrentResources,
    services: CurrentFiles,
) -> Response:
    """Send bytes. The answer to the last ones names the file in `Upload-File-Id`, or refuses it."""
    protocol.check_version(request.headers.get("tus-resumable"))
    protocol.check_content_type(request.headers.get("content-type"))
    offset = protocol.parse_number("Upload-Offset", request.headers.get("upload-offset"))
    upload = await _append(request, user, resources, services, upload_id, offset)
    return Response(status_code=204, headers=_headers(upload))


@router.delete("/{upload_id}", status_code=204, responses=problems(409, 412))
async def terminate(request: Request, upload_id: UUID, user: CurrentUser, services: CurrentFiles) -> Response:
    """Forget an upload and what was received; a file that it became already stays."""
    protocol.check_version(request.headers.get("tus-resumable"))
    await services.uploads.terminate(user.user_id, upload_id)
    return Response(status_code=204, headers=protocol.answer_headers())


@router.post("/{upload_id}", include_in_schema=False)
async def overridden(
    request: Request,
    upload_id: UUID,
    user: CurrentUser,
    resources: CurrentResources,
    services: CurrentFiles,
) -> Response:
    """X-HTTP-Method-Override, for clients behind what lets only GET and POST through."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await append(request, upload_id, user, resources, services)
    if method == "DELETE":
        return await terminate(request, upload_id, user, services)
    if method == "HEAD":
        return await offset_of(request, upload_id, user, services)
    raise MethodNotOverriddenError(
        "An upload takes PATCH, HEAD and DELETE.", headers={"Allow": "GET, HEAD, PATCH, DELETE, OPTIONS"}
    )


async def _append(
    request: Request, user: User, resources: Resources, services: FileServices, upload_id: UUID, offset: int
) -> Upload:
    length = request.headers.get("content-length")
    with services.slots.one():
        return await services.uploads.append(
            user.user_id,
            upload_id,
            offset=offset,
            content_length=protocol.parse_number("Content-Length", length) if length else None,
            checksum=protocol.parse_checksum(request.headers.get("upload-checksum")),
            body=unless_idle(request.stream(), resources.settings.upload_idle_seconds),
        )


def _headers(upload: Upload) -> dict[str, str]:
    return protocol.answer_headers(
        offset=upload.offset,
        expires=upload.expires_at if upload.state is UploadState.RECEIVING else None,
        file_id=upload.file_id,
    )


def _file_type(name: str | None) -> FileType:
    """Raises TusHeaderError for one that does not exist."""
    try:
        return FileType(name) if name else FileType.VIDEO
    except ValueError:
        raise protocol.TusHeaderError(
            f"file_type in Upload-Metadata must be one of {', '.join(FileType)}."
        ) from None
