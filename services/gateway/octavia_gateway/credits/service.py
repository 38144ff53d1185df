"""A user's credits, as billing told them."""

from collections.abc import Sequence
from uuid import UUID

from octavia_common.events import EntryKind
from octavia_common.pricing import PriceList

from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.credits.schemas import BalanceResponse, TransactionPage, TransactionResponse
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.jobs.errors import PricesUnknownError
from octavia_gateway.pagination import encode_cursor


class CreditsService:
    """Reads balance, history and prices."""

    def __init__(self, database: GatewayDatabase) -> None:
        self._database = database
        self._repository = CreditsRepository()

    async def balance(self, user_id: UUID) -> BalanceResponse:
        """What the user has."""
        async with self._database.user_transaction(user_id) as connection:
            balance = await self._repository.balance(connection, user_id)
        return BalanceResponse(
            available=balance.available, held=balance.held, total=balance.available + balance.held
        )

    async def history(
        self, user_id: UUID, *, kinds: Sequence[EntryKind] = (), before: int | None, limit: int
    ) -> TransactionPage:
        """One page of the history, newest first; of some kinds of lines, or of all."""
        async with self._database.user_transaction(user_id) as connection:
            rows = await self._repository.history(
                connection, user_id, kinds=kinds, before=before, limit=limit + 1
            )
        items = [
            TransactionResponse(
                id=row["entry_id"],
                seq=row["seq"],
                kind=row["kind"],
                amount=row["amount"],
                credits=row["credits"],
                balance_after=row["balance_after"],
                held_after=row["held_after"],
                reason=row["reason"],
                job_id=row["job_id"],
                created_at=row["posted_at"],
            )
            for row in rows[:limit]
        ]
        return TransactionPage(
            items=items, next_cursor=encode_cursor(items[-1].seq) if len(rows) > limit else None
        )

    async def prices(self, user_id: UUID) -> PriceList:
        """The price list in force. Raises PricesUnknownError (503)."""
        async with self._database.user_transaction(user_id) as connection:
            prices = await self._repository.prices(connection)
        if prices is None:
            raise PricesUnknownError
        return prices
