"""Personal API keys."""

from uuid import UUID, uuid4

from octavia_gateway.api_keys.repository import ApiKeysRepository
from octavia_gateway.api_keys.schemas import ApiKeyList, ApiKeyResponse, NewApiKeyResponse
from octavia_gateway.auth.tokens import API_KEY_PREFIX, digest, new_secret
from octavia_gateway.counting import count_alone
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.problems import ApiError, NotFoundError

MOST_KEYS = 50


class TooManyApiKeysError(ApiError):
    """The user has as many keys as one may have."""

    status = 409
    code = "too_many_api_keys"

    def __init__(self) -> None:
        super().__init__(f"You have {MOST_KEYS} API keys already. Delete some first.", limit=MOST_KEYS)


class ApiKeysService:
    """Makes, lists and deletes a user's keys."""

    def __init__(self, database: GatewayDatabase) -> None:
        self._database = database
        self._repository = ApiKeysRepository()

    async def create(self, user_id: UUID, name: str) -> NewApiKeyResponse:
        """A new key, shown here and never again. Raises TooManyApiKeysError (409)."""
        key, key_id = new_secret(API_KEY_PREFIX), uuid4()
        hint = key[: len(API_KEY_PREFIX) + 4]
        async with self._database.user_transaction(user_id) as connection:
            await count_alone(connection, user_id, "api keys")
            if await self._repository.count(connection, user_id) >= MOST_KEYS:
                raise TooManyApiKeysError
            created_at = await self._repository.add(
                connection, key_id=key_id, user_id=user_id, name=name, hint=hint, key_hash=digest(key)
            )
        return NewApiKeyResponse(
            id=key_id, name=name, hint=hint, created_at=created_at, last_used_at=None, key=key
        )

    async def list_all(self, user_id: UUID) -> ApiKeyList:
        """The user's keys, newest first."""
        async with self._database.user_transaction(user_id) as connection:
            rows = await self._repository.all_of(connection, user_id)
        return ApiKeyList(
            items=[
                ApiKeyResponse(
                    id=row["key_id"],
                    name=row["name"],
                    hint=row["hint"],
                    created_at=row["created_at"],
                    last_used_at=row["last_used_at"],
                )
                for row in rows
            ]
        )

    async def delete(self, user_id: UUID, key_id: UUID) -> None:
        """Delete a key; requests that show it are refused from now on. Raises NotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            if not await self._repository.delete(connection, user_id, key_id):
                raise NotFoundError(f"You have no API key {key_id}.")
