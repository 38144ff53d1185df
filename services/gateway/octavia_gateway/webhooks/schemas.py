"""Web hooks on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from octavia_gateway.pagination import Page
from octavia_gateway.webhooks.kinds import Kind
from octavia_gateway.webhooks.models import Delivery, Webhook


def _each_once(kinds: list[Kind]) -> list[Kind]:
    return list(dict.fromkeys(kinds))


Kinds = Annotated[list[Kind], Field(min_length=1, max_length=20), AfterValidator(_each_once)]
Url = Annotated[str, Field(min_length=1, max_length=2000, examples=["https://example.org/octavia"])]


class CreateWebhook(BaseModel):
    """An address, and what it is to be told."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    events: Kinds = Field(default_factory=lambda: list(Kind), description="All of them where not said.")


class ChangeWebhook(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    events: Kinds | None = None
    enabled: bool | None = None


class WebhookResponse(BaseModel):
    """A web hook, without its secret."""

    id: UUID
    url: str
    events: list[str]
    enabled: bool
    disabled_reason: Literal["gone", "failing", "by_owner"] | None = Field(
        description="`gone`: its address answered 410. `failing`: it failed for five days."
    )
    failing_since: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, hook: Webhook) -> "WebhookResponse":
        """The document of a web hook."""
        return cls(
            id=hook.webhook_id,
            url=hook.url,
            events=list(hook.kinds),
            enabled=hook.disabled_at is None,
            disabled_reason=hook.disabled_why,
            failing_since=hook.failing_since,
            created_at=hook.created_at,
        )


class NewWebhookResponse(WebhookResponse):
    """With its secret: shown when it is made and when it is rotated, and never again."""

    secret: str = Field(description="Standard Webhooks: `whsec_` and base64.")

    @classmethod
    def with_secret(cls, hook: Webhook, secret: str) -> "NewWebhookResponse":
        """The document of a web hook whose secret is new."""
        return cls(**WebhookResponse.of(hook).model_dump(), secret=secret)


class WebhookList(BaseModel):
    """All web hooks of a user, newest first."""

    items: list[WebhookResponse]


class DeliveryResponse(BaseModel):
    """One message, and how its deliveries went."""

    id: UUID = Field(description="The `webhook-id` of the message; repetitions have the same.")
    event: str
    status: Literal["waiting", "delivered", "failed"]
    tries: int
    created_at: datetime
    last_tried_at: datetime | None
    last_status: int | None = Field(description="The HTTP status of the last answer.")
    last_error: str | None
    next_try_at: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryResponse":
        """The document of a delivery."""
        ended = "delivered" if delivery.delivered_at else "failed"
        return cls(
            id=delivery.delivery_id,
            event=delivery.kind,
            status="waiting" if delivery.next_at else ended,  # type: ignore[arg-type]
            tries=delivery.tries,
            created_at=delivery.created_at,
            last_tried_at=delivery.last_tried_at,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
            next_try_at=delivery.next_at,
            delivered_at=delivery.delivered_at,
        )


class DeliveryPage(Page[DeliveryResponse]):
    """Deliveries, newest first."""
