"""The HTTP interface of what the platform can do."""

from fastapi import APIRouter, Response

from octavia_gateway.capabilities.schemas import CapabilitiesResponse
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/capabilities", tags=["capabilities"])

FRESH_SECONDS = 60
"""How long anybody may keep the answer: it changes when an operator changes an engine."""


@router.get("", responses=problems(503, signed_in=False))
async def get_capabilities(resources: CurrentResources, response: Response) -> CapabilitiesResponse:
    """Languages, voices and options that a job can ask for, and the engines that do the work. Needs no
    account."""
    can = await resources.capabilities.current()
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    return CapabilitiesResponse.of(can)
