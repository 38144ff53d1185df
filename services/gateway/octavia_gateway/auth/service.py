"""Registration, log-in, refresh and log-out."""

import asyncio
import contextlib
from dataclasses import dataclass
from uuid import UUID, uuid4

from octavia_common.events import UserRegistered

from octavia_gateway.auth.passwords import Passwords, check_password
from octavia_gateway.auth.repository import Account, AuthRepository
from octavia_gateway.auth.tokens import REFRESH_PREFIX, AccessClaims, AccessTokens, digest, new_secret
from octavia_gateway.auth.user import UnauthenticatedError
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub
from octavia_gateway.problems import ApiError

WELCOME_WAIT_SECONDS = 2.0
"""How long registration waits for the welcome credits to be on the account. They come in any case."""


class EmailTakenError(ApiError):
    """The address has an account."""

    status = 409
    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("This e-mail address has an account already. Log in instead.")


class InvalidCredentialsError(UnauthenticatedError):
    """Wrong address or wrong password: which one is not told."""

    code = "invalid_credentials"


class InvalidRefreshTokenError(UnauthenticatedError):
    """Unknown, expired or revoked."""

    code = "invalid_refresh_token"


class RefreshTokenReusedError(UnauthenticatedError):
    """Spent before: somebody else may hold a copy, so the whole session is revoked."""

    code = "refresh_token_reused"


@dataclass(frozen=True)
class Session:
    """A session's newest tokens."""

    account: Account
    access_token: str
    refresh_token: str
    expires_in: int


class AuthService:
    """Accounts and their sessions."""

    def __init__(
        self,
        database: GatewayDatabase,
        passwords: Passwords,
        tokens: AccessTokens,
        hub: EventHub,
        *,
        refresh_token_days: int,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._tokens = tokens
        self._hub = hub
        self._days = refresh_token_days
        self._repository = AuthRepository()
        self._credits = CreditsRepository()

    def check_room(self) -> None:
        """Raises PasswordsBusyError (503) where a password would not be hashed soon.

        To be asked before anything else: a storm that fills the queue then costs the database nothing.
        """
        self._passwords.check_room()

    async def register(self, email: str, password: str, *, user_agent: str = "") -> Session:
        """A new account, logged in. Raises WeakPasswordError (422), EmailTakenError (409)."""
        check_password(password, email)
        password_hash = await self._passwords.hash(password)
        user_id = uuid4()
        async with self._hub.watch(user_id) as watch:
            async with self._database.service_transaction() as connection:
                account = await self._repository.add_account(
                    connection, user_id=user_id, email=email, password_hash=password_hash
                )
                if account is None:
                    raise EmailTakenError
                session = await self._begin(connection, account, user_agent)
                await self._database.add_events(connection, [UserRegistered(user_id=user_id)])
            # Where billing is slow or away, the grant arrives when it is back.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WELCOME_WAIT_SECONDS):
                    while not await self._has_credits(user_id):
                        await watch.changed()
        return session

    async def _has_credits(self, user_id: UUID) -> bool:
        async with self._database.user_transaction(user_id) as connection:
            return (await self._credits.balance(connection, user_id)).seq > 0

    async def log_in(self, email: str, password: str, *, user_agent: str = "") -> Session:
        """A new session. Raises InvalidCredentialsError (401)."""
        async with self._database.service_transaction() as connection:
            account = await self._repository.account_of(connection, email)
        valid = await self._passwords.verify(account.password_hash if account else None, password)
        if account is None or not valid:
            raise InvalidCredentialsError("The e-mail address or the password is wrong.")
        fresh = None
        if self._passwords.outdated(account.password_hash):
            fresh = await self._passwords.hash(password)
        async with self._database.service_transaction() as connection:
            if fresh is not None:
                await self._repository.replace_hash(connection, account.user_id, fresh)
            return await self._begin(connection, account, user_agent)

    async def refresh(self, refresh_token: str) -> Session:
        """The next tokens of a session; the one shown is spent.

        Raises InvalidRefreshTokenError, RefreshTokenReusedError (401); the latter revokes the session.
        """
        old, following = digest(refresh_token), new_secret(REFRESH_PREFIX)
        async with self._database.service_transaction() as connection:
            token = await self._repository.lock_refresh_token(connection, old)
            reused = token is not None and token.used
            if token is not None and reused:
                await self._repository.revoke(connection, token.session_id, "refresh token reused")
            elif token is not None and not (token.revoked or token.expired):
                await self._repository.rotate(
                    connection, token, old=old, new=digest(following), days=self._days
                )
                account = await self._repository.account(connection, token.user_id)
                if account is not None:
                    return self._session(account, token.session_id, following)
        if reused:
            raise RefreshTokenReusedError(
                "This refresh token was used before, so its session is closed. Log in again."
            )
        raise InvalidRefreshTokenError("The refresh token is not valid any more. Log in again.")

    async def log_out(self, refresh_token: str) -> None:
        """End the session of a refresh token; an unknown one is nobody's session."""
        async with self._database.service_transaction() as connection:
            token = await self._repository.lock_refresh_token(connection, digest(refresh_token))
            if token is not None:
                await self._repository.revoke(connection, token.session_id, "logged out")

    async def end_session(self, session_id: UUID) -> None:
        """End the session of an access token."""
        async with self._database.service_transaction() as connection:
            await self._repository.revoke(connection, session_id, "logged out")

    async def account(self, user_id: UUID) -> Account:
        """The account of a user who was just authenticated."""
        async with self._database.user_transaction(user_id) as connection:
            account = await self._repository.account(connection, user_id)
        if account is None:
            raise UnauthenticatedError("This account does not exist any more.")
        return account

    async def _begin(self, connection: Connection, account: Account, user_agent: str) -> Session:
        session_id, refresh_token = uuid4(), new_secret(REFRESH_PREFIX)
        await self._repository.add_session(
            connection,
            session_id=session_id,
            user_id=account.user_id,
            days=self._days,
            token_hash=digest(refresh_token),
            user_agent=user_agent,
        )
        return self._session(account, session_id, refresh_token)

    def _session(self, account: Account, session_id: UUID, refresh_token: str) -> Session:
        access_token = self._tokens.issue(AccessClaims(account.user_id, session_id))
        return Session(account, access_token, refresh_token, int(self._tokens.lifetime.total_seconds()))
