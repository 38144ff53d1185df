"""From what stands in the Authorization header to the caller."""

from octavia_gateway.api_keys.repository import ApiKeysRepository
from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.auth.tokens import API_KEY_PREFIX, AccessTokens, InvalidTokenError, digest
from octavia_gateway.auth.user import UnauthenticatedError, User
from octavia_gateway.database import GatewayDatabase


class TokenAuthenticator:
    """Access tokens by signature and session, API keys by digest.

    The session is looked up on every request, so a log-out counts at once and not when the token
    runs out; it is one read by primary key.
    """

    def __init__(
        self, database: GatewayDatabase, tokens: AccessTokens, *, administrators: frozenset[str]
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._administrators = administrators
        self._accounts = AuthRepository()
        self._keys = ApiKeysRepository()

    async def authenticate(self, credential: str) -> User:
        """The user a token or key stands for. Raises UnauthenticatedError (401)."""
        if credential.startswith(API_KEY_PREFIX):
            return await self._by_key(credential)
        return await self._by_token(credential)

    async def _by_token(self, token: str) -> User:
        try:
            claims = self._tokens.read(token)
        except InvalidTokenError:
            raise UnauthenticatedError("The access token is not valid, or has expired.") from None
        async with self._database.service_transaction() as connection:
            account = await self._accounts.account_in_session(connection, claims.user_id, claims.session_id)
        if account is None:
            raise UnauthenticatedError("The session of this access token is over. Log in again.")
        return User(
            account.user_id,
            account.email,
            self._administrates(account.email, account.is_admin),
            session_id=claims.session_id,
            expires_at=claims.expires_at,
        )

    async def _by_key(self, key: str) -> User:
        async with self._database.service_transaction() as connection:
            owner = await self._keys.use(connection, digest(key))
        if owner is None:
            raise UnauthenticatedError("There is no such API key; it may have been deleted.")
        return User(
            owner["user_id"],
            owner["email"],
            self._administrates(owner["email"], owner["is_admin"]),
            key_id=owner["key_id"],
        )

    def _administrates(self, email: str, is_admin: bool) -> bool:
        return is_admin or email.casefold() in self._administrators
