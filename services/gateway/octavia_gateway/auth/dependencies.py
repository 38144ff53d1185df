"""Who is calling: the dependencies that endpoints ask for."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from octavia_gateway.auth.user import UnauthenticatedError, User
from octavia_gateway.problems import ForbiddenError
from octavia_gateway.rate_limits.http import address_of, remember
from octavia_gateway.resources import CurrentResources, Resources

bearer = HTTPBearer(auto_error=False, description="An access token, or a personal API key (`octv_…`).")

MEDIA_COOKIE = "octavia_media"
media_cookie = APIKeyCookie(
    name=MEDIA_COOKIE,
    scheme_name="MediaCookie",
    auto_error=False,
    description="What `POST /api/v1/auth/media-cookie` set; for a browser's players and downloads.",
)


async def current_user(
    request: Request,
    resources: CurrentResources,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> User:
    """The caller, whose request is counted. Raises UnauthenticatedError (401), RateLimitedError (429).

    Refused requests count against the address, so that keys cannot be guessed at leisure.
    """
    try:
        if credentials is None:
            raise UnauthenticatedError("Send an access token or an API key in the Authorization header.")
        user = await resources.authenticator.authenticate(credentials.credentials)
    except UnauthenticatedError:
        await _count(request, resources, address_of(request))
        raise
    await _count(request, resources, f"user:{user.user_id}")
    request.state.user = user
    return user


CurrentUser = Annotated[User, Depends(current_user)]


async def current_viewer(
    request: Request,
    resources: CurrentResources,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    cookie: Annotated[str | None, Depends(media_cookie)],
) -> User:
    """The caller who wants to see a file: as `current_user`, or a browser by its cookie for media.

    Only for what is read by GET: a cookie comes with requests that no script of ours sent.
    Raises UnauthenticatedError (401), RateLimitedError (429).
    """
    if credentials is not None or not cookie:
        return await current_user(request, resources, credentials)
    try:
        user = await resources.viewers.authenticate(cookie)
    except UnauthenticatedError:
        await _count(request, resources, address_of(request))
        raise
    await _count(request, resources, f"user:{user.user_id}")
    return user


CurrentViewer = Annotated[User, Depends(current_viewer)]


async def optional_user(
    request: Request,
    resources: CurrentResources,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> User | None:
    """The caller, or None where nothing is shown; what is shown must be valid."""
    if credentials is None:
        await anonymous(request, resources)
        return None
    return await current_user(request, resources, credentials)


OptionalUser = Annotated[User | None, Depends(optional_user)]


async def current_admin(user: CurrentUser) -> User:
    """The caller, who is an administrator. Raises ForbiddenError (403)."""
    if not user.is_admin:
        raise ForbiddenError("Only administrators may do this.")
    return user


CurrentAdmin = Annotated[User, Depends(current_admin)]


async def anonymous(request: Request, resources: CurrentResources) -> None:
    """Count a request that needs no account against its address. Raises RateLimitedError (429)."""
    await _count(request, resources, address_of(request))


async def _count(request: Request, resources: Resources, who: str) -> None:
    remember(request, await resources.limiter.hit(resources.settings.request_rate, who))
