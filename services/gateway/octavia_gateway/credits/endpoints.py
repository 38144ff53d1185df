"""The HTTP interface of credits."""

from typing import Annotated

from fastapi import APIRouter, Query
from octavia_common.events import EntryKind

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.credits.schemas import BalanceResponse, PricesResponse, TransactionPage
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_number
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/credits", tags=["credits"])


@router.get("", responses=problems())
async def get_balance(user: CurrentUser, resources: CurrentResources) -> BalanceResponse:
    """Your credits."""
    return await resources.credits.balance(user.user_id)


@router.get("/transactions", responses=problems(422))
async def list_transactions(
    user: CurrentUser,
    resources: CurrentResources,
    kind: Annotated[list[EntryKind] | None, Query(max_length=10)] = None,
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> TransactionPage:
    """Your history, newest first. A `release` is a refund."""
    return await resources.credits.history(
        user.user_id, kinds=kind or (), before=decode_number(cursor), limit=limit
    )


@router.get("/prices", responses=problems(503))
async def get_prices(user: CurrentUser, resources: CurrentResources) -> PricesResponse:
    """What jobs cost."""
    prices = await resources.credits.prices(user.user_id)
    return PricesResponse(version=prices.version, kinds=prices.kinds)
