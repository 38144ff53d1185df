"""What a user does with lists of terms, and what a job gets of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from octavia_gateway.capabilities.service import CapabilitiesService
from octavia_gateway.counting import count_alone
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.glossaries.errors import TermListNotFoundError, TooManyTermListsError
from octavia_gateway.glossaries.models import ListKind, TermList
from octavia_gateway.glossaries.repository import TermListsRepository

MOST_LISTS = 100
"""Of one kind and one user."""


class TermListsService:
    """Keeps lists of one kind. What a job was made with stays as it was when a list changes."""

    def __init__(
        self,
        database: GatewayDatabase,
        capabilities: CapabilitiesService,
        kind: ListKind,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._capabilities = capabilities
        self._kind = kind
        self._clock = clock
        self._lists = TermListsRepository()

    async def heeded(self) -> bool:
        """Whether the engines here heed lists of this kind. Raises CapabilitiesUnknownError (503)."""
        return self._kind.value in (await self._capabilities.current()).options

    async def create(
        self, user_id: UUID, *, name: str, always: bool, terms: Sequence[dict[str, Any]]
    ) -> TermList:
        """A new list. Raises TooManyTermListsError (409)."""
        now = self._clock()
        kept = TermList(uuid4(), self._kind, name, always, terms, now, now)
        async with self._database.user_transaction(user_id) as connection:
            await count_alone(connection, user_id, f"{self._kind.value} lists")
            if len(await self._lists.all_of(connection, user_id, self._kind)) >= MOST_LISTS:
                raise TooManyTermListsError(MOST_LISTS)
            await self._lists.add(connection, user_id, kept)
        return kept

    async def list_all(self, user_id: UUID) -> list[TermList]:
        """The user's lists, oldest first."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._lists.all_of(connection, user_id, self._kind)

    async def get(self, user_id: UUID, list_id: UUID) -> TermList:
        """A list of the user. Raises TermListNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            found = await self._lists.get(connection, user_id, self._kind, list_id)
        if found is None:
            raise TermListNotFoundError(list_id)
        return found

    async def replace(
        self, user_id: UUID, list_id: UUID, *, name: str, always: bool, terms: Sequence[dict[str, Any]]
    ) -> TermList:
        """The list as its owner wants it now. Raises TermListNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            found = await self._lists.get(connection, user_id, self._kind, list_id, lock=True)
            if found is None:
                raise TermListNotFoundError(list_id)
            kept = replace(found, name=name, always=always, terms=terms, updated_at=self._clock())
            await self._lists.replace(connection, user_id, kept)
        return kept

    async def delete(self, user_id: UUID, list_id: UUID) -> None:
        """Forget a list; jobs that had it keep what they had. Raises TermListNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            if not await self._lists.delete(connection, user_id, self._kind, list_id):
                raise TermListNotFoundError(list_id)
