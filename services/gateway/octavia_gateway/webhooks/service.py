"""What a user does with web hooks. Each call is one transaction."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from octavia_common.remote.resolving import Guard
from octavia_common.remote.targets import parse_target

from octavia_gateway.counting import count_alone
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.problems import ApiError, NotFoundError
from octavia_gateway.webhooks import signing
from octavia_gateway.webhooks.kinds import TEST
from octavia_gateway.webhooks.models import Delivery, Webhook
from octavia_gateway.webhooks.queue import message
from octavia_gateway.webhooks.repository import WebhooksRepository
from octavia_gateway.webhooks.schedule import FORMER_SECRET
from octavia_gateway.webhooks.schemas import ChangeWebhook, CreateWebhook

MOST_HOOKS = 20


class TooManyWebhooksError(ApiError):
    """The user has as many as one may have."""

    status = 409
    code = "too_many_webhooks"

    def __init__(self) -> None:
        super().__init__(f"You have {MOST_HOOKS} web hooks already. Delete some first.", limit=MOST_HOOKS)


class InsecureWebhookError(ApiError):
    """Messages tell what a user does; they are not sent where others can read them on their way."""

    status = 422
    code = "insecure_webhook"

    def __init__(self) -> None:
        super().__init__("A web hook's address begins with https://.")


class WebhooksService:
    """Makes, changes and tests a user's web hooks.

    `ports` are those that may be named; `insecure` lets http:// through, for networks of one's own.
    """

    def __init__(
        self, database: GatewayDatabase, guard: Guard, *, ports: frozenset[int], insecure: bool
    ) -> None:
        self._database = database
        self._guard = guard
        self._ports = ports
        self._insecure = insecure
        self._hooks = WebhooksRepository()

    async def create(self, user_id: UUID, asked: CreateWebhook) -> tuple[Webhook, str]:
        """A new web hook and its secret.

        Raises InvalidUrlError, ForbiddenAddressError, InsecureWebhookError (422), TooManyWebhooksError (409).
        """
        hook = Webhook(
            webhook_id=uuid4(),
            url=self._checked(asked.url),
            kinds=tuple(asked.events),
            created_at=datetime.now(UTC),
        )
        secret = signing.new_secret()
        async with self._database.user_transaction(user_id) as connection:
            await count_alone(connection, user_id, "webhooks")
            if await self._hooks.count(connection, user_id) >= MOST_HOOKS:
                raise TooManyWebhooksError
            await self._hooks.add(connection, user_id, hook, secret)
        return hook, secret

    async def list_all(self, user_id: UUID) -> list[Webhook]:
        """The user's web hooks, newest first."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._hooks.all_of(connection, user_id)

    async def get(self, user_id: UUID, webhook_id: UUID) -> Webhook:
        """A web hook of the user. Raises NotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            return _there(await self._hooks.get(connection, user_id, webhook_id), webhook_id)

    async def change(self, user_id: UUID, webhook_id: UUID, asked: ChangeWebhook) -> Webhook:
        """The web hook as its owner wants it now; one that is enabled again begins anew.

        Raises NotFoundError (404) and what `create` says of addresses.
        """
        url = None if asked.url is None else self._checked(asked.url)
        async with self._database.user_transaction(user_id) as connection:
            hook = _there(await self._hooks.get(connection, user_id, webhook_id, lock=True), webhook_id)
            hook = replace(
                hook, url=url or hook.url, kinds=tuple(asked.events) if asked.events else hook.kinds
            )
            if asked.enabled is True:
                hook = replace(hook, disabled_at=None, disabled_why=None, failing_since=None)
            elif asked.enabled is False and hook.disabled_at is None:
                hook = replace(hook, disabled_at=datetime.now(UTC), disabled_why="by_owner")
            await self._hooks.change(connection, user_id, hook)
        return hook

    async def rotate_secret(self, user_id: UUID, webhook_id: UUID) -> tuple[Webhook, str]:
        """A new secret. For a day messages bear signatures by both. Raises NotFoundError (404)."""
        secret = signing.new_secret()
        async with self._database.user_transaction(user_id) as connection:
            await self._hooks.replace_secret(
                connection, user_id, webhook_id, secret, former_for=FORMER_SECRET
            )
            return _there(await self._hooks.get(connection, user_id, webhook_id), webhook_id), secret

    async def delete(self, user_id: UUID, webhook_id: UUID) -> None:
        """Tell it nothing more. Raises NotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            if not await self._hooks.delete(connection, user_id, webhook_id):
                raise _unknown(webhook_id)

    async def send_test(self, user_id: UUID, webhook_id: UUID) -> Delivery:
        """A message that says nothing, sent like any other. Raises NotFoundError (404)."""
        body = message(TEST, datetime.now(UTC), json.dumps({"webhook_id": str(webhook_id)}))
        async with self._database.user_transaction(user_id) as connection:
            _there(await self._hooks.get(connection, user_id, webhook_id), webhook_id)
            return await self._hooks.add_delivery(connection, user_id, webhook_id, uuid4(), TEST, body)

    async def deliveries(
        self, user_id: UUID, webhook_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Delivery]:
        """The log of a web hook, newest first. Raises NotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            _there(await self._hooks.get(connection, user_id, webhook_id), webhook_id)
            return await self._hooks.deliveries(connection, user_id, webhook_id, before=before, limit=limit)

    async def replay(self, user_id: UUID, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        """Send a message once more, with all its tries. Raises NotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            found = await self._hooks.replay(connection, user_id, webhook_id, delivery_id)
        if found is None:
            raise NotFoundError(f"This web hook has no delivery {delivery_id}.")
        return found

    def _checked(self, url: str) -> str:
        target = parse_target(url, self._ports)
        if target.scheme != "https" and not self._insecure:
            raise InsecureWebhookError
        self._guard.check_literal(target)
        return target.url


def _there(hook: Webhook | None, webhook_id: UUID) -> Webhook:
    if hook is None:
        raise _unknown(webhook_id)
    return hook


def _unknown(webhook_id: UUID) -> NotFoundError:
    return NotFoundError(f"You have no web hook {webhook_id}.")
