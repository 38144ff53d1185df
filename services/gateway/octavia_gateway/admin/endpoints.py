"""The HTTP interface of administrators."""

from fastapi import APIRouter

from octavia_gateway.admin.schemas import CreateGrant, GrantResponse
from octavia_gateway.auth.dependencies import CurrentAdmin
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/admin", tags=["admin"], route_class=IdempotentRoute)


@router.post("/credits/grants", status_code=201, responses=problems(403, 404, 409, 422))
async def grant_credits(body: CreateGrant, admin: CurrentAdmin, resources: CurrentResources) -> GrantResponse:
    """Give a user credits. Who gave what to whom, and why, is kept for auditors."""
    grant = await resources.admin.grant(admin.user_id, body)
    return GrantResponse(
        id=grant.grant_id,
        user_id=grant.user_id,
        amount=grant.amount,
        reason=grant.reason,
        source=grant.source,
        priority=grant.priority,
        expires_at=grant.expires_at,
        requested_by=grant.requested_by,
    )
