"""What administrators do."""

import asyncio
import contextlib
from uuid import UUID, uuid4

import structlog
from octavia_common.events import GrantRequested

from octavia_gateway.admin.repository import AdminRepository
from octavia_gateway.admin.schemas import CreateGrant
from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub
from octavia_gateway.problems import NotFoundError

log = structlog.get_logger(__name__)

POSTED_WAIT_SECONDS = 1.5
"""How long a grant waits to be on the account, so that who asks for the balance next sees it."""


class UserNotFoundError(NotFoundError):
    """No such account."""

    code = "user_not_found"


class AdminService:
    """Grants credits."""

    def __init__(self, database: GatewayDatabase, hub: EventHub) -> None:
        self._database = database
        self._hub = hub
        self._repository = AdminRepository()
        self._accounts = AuthRepository()
        self._credits = CreditsRepository()

    async def grant(self, admin_id: UUID, asked: CreateGrant) -> GrantRequested:
        """Ask billing for a grant, and note who asked why. Raises UserNotFoundError (404)."""
        async with self._database.service_transaction() as connection:
            user_id = await self._user(connection, asked)
        async with self._hub.watch(user_id) as watch:
            async with self._database.service_transaction() as connection:
                before = (await self._credits.balance(connection, user_id)).seq
                grant = GrantRequested(
                    user_id=user_id,
                    grant_id=uuid4(),
                    amount=asked.amount,
                    source=asked.source,
                    priority=asked.priority,
                    expires_at=asked.expires_at,
                    reason=asked.reason,
                    requested_by=admin_id,
                )
                await self._repository.record_grant(connection, grant)
                await self._database.add_events(connection, [grant])
            log.info("credits granted", grant_id=str(grant.grant_id), user_id=str(user_id), by=str(admin_id))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POSTED_WAIT_SECONDS):
                    while await self._seq(user_id) == before:
                        await watch.changed()
        return grant

    async def _seq(self, user_id: UUID) -> int:
        async with self._database.user_transaction(user_id) as connection:
            return (await self._credits.balance(connection, user_id)).seq

    async def _user(self, connection: Connection, asked: CreateGrant) -> UUID:
        if asked.email is not None:
            account = await self._accounts.account_of(connection, asked.email)
            if account is not None:
                return account.user_id
        elif asked.user_id is not None and await self._repository.user_exists(connection, asked.user_id):
            return asked.user_id
        raise UserNotFoundError(f"There is no user {asked.email or asked.user_id}.")
