"""The HTTP interface of sessions."""

from uuid import UUID

from fastapi import APIRouter, Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources
from octavia_gateway.sessions.schemas import SessionList

router = APIRouter(prefix="/api/v1/sessions", tags=["accounts"])


@router.get("", responses=problems())
async def list_sessions(user: CurrentUser, resources: CurrentResources) -> SessionList:
    """Where your account is signed in."""
    return await resources.sessions.list_all(user.user_id, user.session_id)


@router.delete("/{session_id}", status_code=204, responses=problems(404, 422))
async def end_session(session_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Sign a session out; its tokens are worth nothing from now on."""
    await resources.sessions.end(user.user_id, session_id)
    return Response(status_code=204)
