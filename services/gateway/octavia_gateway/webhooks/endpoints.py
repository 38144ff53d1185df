"""The HTTP interface of web hooks."""

from uuid import UUID

from fastapi import APIRouter, Response

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_moment, encode_cursor
from octavia_gateway.resources import CurrentResources
from octavia_gateway.webhooks.schemas import (
    ChangeWebhook,
    CreateWebhook,
    DeliveryPage,
    DeliveryResponse,
    NewWebhookResponse,
    WebhookList,
    WebhookResponse,
)

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], route_class=IdempotentRoute)


@router.post("", status_code=201, responses=problems(409, 422))
async def create_webhook(
    body: CreateWebhook, user: CurrentUser, resources: CurrentResources
) -> NewWebhookResponse:
    """Have an address told how jobs and videos end. Its secret is shown now and never again."""
    return NewWebhookResponse.with_secret(*await resources.webhooks.create(user.user_id, body))


@router.get("", responses=problems())
async def list_webhooks(user: CurrentUser, resources: CurrentResources) -> WebhookList:
    """Your web hooks, newest first."""
    hooks = await resources.webhooks.list_all(user.user_id)
    return WebhookList(items=[WebhookResponse.of(hook) for hook in hooks])


@router.get("/{webhook_id}", responses=problems(404, 422))
async def get_webhook(webhook_id: UUID, user: CurrentUser, resources: CurrentResources) -> WebhookResponse:
    """One web hook."""
    return WebhookResponse.of(await resources.webhooks.get(user.user_id, webhook_id))


@router.patch("/{webhook_id}", responses=problems(404, 422))
async def change_webhook(
    webhook_id: UUID, body: ChangeWebhook, user: CurrentUser, resources: CurrentResources
) -> WebhookResponse:
    """Change its address or events, or enable it again after it was disabled."""
    return WebhookResponse.of(await resources.webhooks.change(user.user_id, webhook_id, body))


@router.delete("/{webhook_id}", status_code=204, responses=problems(404, 422))
async def delete_webhook(webhook_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Tell it nothing more; what waits to be sent is dropped."""
    await resources.webhooks.delete(user.user_id, webhook_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate-secret", responses=problems(404, 409, 422))
async def rotate_secret(
    webhook_id: UUID, user: CurrentUser, resources: CurrentResources
) -> NewWebhookResponse:
    """A new secret. For a day, messages bear a signature by each of the two."""
    return NewWebhookResponse.with_secret(*await resources.webhooks.rotate_secret(user.user_id, webhook_id))


@router.post("/{webhook_id}/deliveries", status_code=202, responses=problems(404, 409, 422))
async def send_test(webhook_id: UUID, user: CurrentUser, resources: CurrentResources) -> DeliveryResponse:
    """Send a message of the kind `webhook.test` now."""
    return DeliveryResponse.of(await resources.webhooks.send_test(user.user_id, webhook_id))


@router.get("/{webhook_id}/deliveries", responses=problems(404, 422))
async def list_deliveries(
    webhook_id: UUID,
    user: CurrentUser,
    resources: CurrentResources,
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> DeliveryPage:
    """What was sent, newest first, and how it went. The log goes back thirty days."""
    found = await resources.webhooks.deliveries(
        user.user_id, webhook_id, before=decode_moment(cursor), limit=limit + 1
    )
    items, more = found[:limit], len(found) > limit
    return DeliveryPage(
        items=[DeliveryResponse.of(delivery) for delivery in items],
        next_cursor=encode_cursor(items[-1].created_at, items[-1].delivery_id) if more else None,
    )


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202, responses=problems(404, 409, 422)
)
async def replay(
    webhook_id: UUID, delivery_id: UUID, user: CurrentUser, resources: CurrentResources
) -> DeliveryResponse:
    """Send a message again, under the id that it had."""
    return DeliveryResponse.of(await resources.webhooks.replay(user.user_id, webhook_id, delivery_id))
