"""The HTTP interface of accounts."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from octavia_gateway.auth.dependencies import CurrentUser, OptionalUser, anonymous
from octavia_gateway.auth.repository import Account
from octavia_gateway.auth.schemas import Credentials, RefreshRequest, TokenResponse, UserResponse
from octavia_gateway.auth.service import Session
from octavia_gateway.auth.user import UnauthenticatedError
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.rate_limits.http import address_of, remember
from octavia_gateway.resources import CurrentResources, Resources

router = APIRouter(prefix="/api/v1", tags=["accounts"], route_class=IdempotentRoute)


@router.post("/auth/register", status_code=201, responses=problems(409, 422, signed_in=False))
async def register(body: Credentials, request: Request, resources: CurrentResources) -> TokenResponse:
    """Open an account and log in. A new account gets welcome credits."""
    resources.auth.check_room()
    remember(request, await resources.guard.registering(address_of(request), body.email))
    session = await resources.auth.register(
        body.email, body.password.get_secret_value(), user_agent=_user_agent(request)
    )
    return _tokens(resources, session)


@router.post("/auth/login", responses=problems(401, 422))
async def log_in(body: Credentials, request: Request, resources: CurrentResources) -> TokenResponse:
    """Log in. After some wrong passwords each further one doubles the wait for the next."""
    resources.auth.check_room()
    address = address_of(request)
    remember(request, await resources.guard.logging_in(address, body.email))
    session = await resources.auth.log_in(
        body.email, body.password.get_secret_value(), user_agent=_user_agent(request)
    )
    await resources.guard.logged_in(address, body.email)
    return _tokens(resources, session)


@router.post("/auth/refresh", dependencies=[Depends(anonymous)], responses=problems(401, 422))
async def refresh(body: RefreshRequest, resources: CurrentResources) -> TokenResponse:
    """Spend a refresh token for new tokens. A token spent twice closes the session."""
    return _tokens(resources, await resources.auth.refresh(body.refresh_token.get_secret_value()))


@router.post("/auth/logout", status_code=204, responses=problems(401, 422))
async def log_out(
    user: OptionalUser,
    resources: CurrentResources,
    body: Annotated[RefreshRequest | None, Body()] = None,
) -> Response:
    """Close the session of the access token, and that of the refresh token; one of them is enough."""
    if user is None and body is None:
        raise UnauthenticatedError("Send the access token, or the refresh token, of the session to close.")
    if user is not None and user.session_id is not None:
        await resources.auth.end_session(user.session_id)
    if body is not None:
        await resources.auth.log_out(body.refresh_token.get_secret_value())
    return Response(status_code=204)


@router.get("/me", responses=problems())
async def me(user: CurrentUser, resources: CurrentResources) -> UserResponse:
    """Your account."""
    return _user(resources, await resources.auth.account(user.user_id))


def _user_agent(request: Request) -> str:
    """What the caller says it is, as far as it can be kept and shown."""
    text = request.headers.get("user-agent", "")
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())[:300]


def _user(resources: Resources, account: Account) -> UserResponse:
    is_admin = account.is_admin or account.email.casefold() in resources.settings.administrators()
    return UserResponse(
        id=account.user_id, email=account.email, is_admin=is_admin, created_at=account.created_at
    )


def _tokens(resources: Resources, session: Session) -> TokenResponse:
    return TokenResponse(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=session.expires_in,
        user=_user(resources, session.account),
    )
