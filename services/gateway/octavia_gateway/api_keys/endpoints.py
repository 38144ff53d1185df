"""The HTTP interface of API keys."""

from uuid import UUID

from fastapi import APIRouter, Response

from octavia_gateway.api_keys.schemas import ApiKeyList, CreateApiKey, NewApiKeyResponse
from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/api-keys", tags=["accounts"], route_class=IdempotentRoute)


@router.get("", responses=problems())
async def list_keys(user: CurrentUser, resources: CurrentResources) -> ApiKeyList:
    """Your API keys, newest first."""
    return await resources.api_keys.list_all(user.user_id)


@router.post("", status_code=201, responses=problems(409, 422))
async def create_key(body: CreateApiKey, user: CurrentUser, resources: CurrentResources) -> NewApiKeyResponse:
    """Make an API key for a machine. It is shown now and never again."""
    return await resources.api_keys.create(user.user_id, body.name)


@router.delete("/{key_id}", status_code=204, responses=problems(404, 422))
async def delete_key(key_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Delete a key; it is refused from now on."""
    await resources.api_keys.delete(user.user_id, key_id)
    return Response(status_code=204)
