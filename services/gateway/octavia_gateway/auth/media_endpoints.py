"""A cookie with which a browser's own players and downloads may read files.

A page sends its access token itself; an `<img>`, a `<video>` or a link cannot. The cookie opens nothing but
files, by GET alone, and only to pages of this site; a page's scripts cannot read it.
"""

from fastapi import APIRouter, Request, Response

from octavia_gateway.auth.dependencies import MEDIA_COOKIE, CurrentUser
from octavia_gateway.auth.tokens import AccessClaims
from octavia_gateway.erasure.endpoints import SessionRequiredError
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/auth/media-cookie", status_code=204, responses=problems(403))
async def set_media_cookie(request: Request, user: CurrentUser, resources: CurrentResources) -> Response:
    """Let this browser's players and downloads read your files, for some hours and while you are signed in.

    The cookie is sent back by pages of this site alone, and opens files and nothing else.
    """
    if user.session_id is None:
        raise SessionRequiredError
    tokens = resources.media_tokens
    response = Response(status_code=204)
    response.set_cookie(
        MEDIA_COOKIE,
        tokens.issue(AccessClaims(user.user_id, user.session_id)),
        max_age=int(tokens.lifetime.total_seconds()),
        path="/api/v1",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response
