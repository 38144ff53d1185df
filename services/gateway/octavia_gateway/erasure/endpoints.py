"""The HTTP interface of deleting one's account."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.openapi import problems
from octavia_gateway.problems import ApiError
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1", tags=["accounts"])


class SessionRequiredError(ApiError):
    """An API key cannot do this: it is for machines, and may be in more hands than one's own."""

    status = 403
    code = "session_required"

    def __init__(self) -> None:
        super().__init__("Log in with your password to do this; an API key is not enough.")


class AccountDeletionResponse(BaseModel):
    """The account is closed; what it holds is being removed."""

    status: Literal["deleting"] = "deleting"


@router.delete("/me", status_code=202, responses=problems(403))
async def delete_account(user: CurrentUser, resources: CurrentResources) -> AccountDeletionResponse:
    """Delete your account for good: sessions and keys at once, running jobs are cancelled and refunded,
    then every file. Entries of the credit ledger stay, without your name. There is no way back."""
    if user.session_id is None:
        raise SessionRequiredError
    await resources.erasure.request(user.user_id)
    return AccountDeletionResponse()
