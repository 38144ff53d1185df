"""The HTTP interface of uploads by signed addresses."""

from uuid import UUID

from fastapi import APIRouter, Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.files.direct.schemas import (
    AddressesResponse,
    AddressResponse,
    BeginDirectUpload,
    DirectUploadResponse,
    PartsWanted,
)
from octavia_gateway.files.services import CurrentFiles
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems

router = APIRouter(prefix="/api/v1/direct-uploads", tags=["direct uploads"], route_class=IdempotentRoute)


@router.post("", status_code=201, responses=problems(409, 413, 422))
async def begin(body: BeginDirectUpload, user: CurrentUser, services: CurrentFiles) -> DirectUploadResponse:
    """Begin an upload whose parts are PUT straight to the object store, at addresses signed here."""
    upload = await services.direct.begin(
        user.user_id,
        length=body.length,
        file_type=body.file_type,
        filename=body.filename,
        sha256=body.sha256,
    )
    return DirectUploadResponse.of(upload, ())


@router.get("/{upload_id}", responses=problems(404, 422))
async def see(upload_id: UUID, user: CurrentUser, services: CurrentFiles) -> DirectUploadResponse:
    """How an upload stands, and which of its parts are in the store: where to go on after an interruption."""
    return DirectUploadResponse.standing(await services.direct.get(user.user_id, upload_id))


@router.post("/{upload_id}/parts", responses=problems(404, 409, 410, 422))
async def sign_parts(
    upload_id: UUID, body: PartsWanted, user: CurrentUser, services: CurrentFiles
) -> AddressesResponse:
    """Addresses to PUT parts to. A part that is put again takes the earlier one's place."""
    addresses, expires = await services.direct.addresses(user.user_id, upload_id, body.numbers)
    return AddressesResponse(parts=[AddressResponse.of(address) for address in addresses], expires_at=expires)


@router.post("/{upload_id}/complete", status_code=202, responses=problems(404, 409, 410, 422))
async def complete(upload_id: UUID, user: CurrentUser, services: CurrentFiles) -> DirectUploadResponse:
    """All parts are put. The file is hashed and probed next; ask again until `state` is not `finishing`."""
    return DirectUploadResponse.of(await services.direct.complete(user.user_id, upload_id))


@router.delete("/{upload_id}", status_code=204, responses=problems(404, 422))
async def terminate(upload_id: UUID, user: CurrentUser, services: CurrentFiles) -> Response:
    """Forget an upload and what was put; a file that it became already stays."""
    await services.direct.terminate(user.user_id, upload_id)
    return Response(status_code=204)
