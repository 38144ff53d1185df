"""The SQL of web hooks. Every function works on the caller's connection and never commits."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.webhooks.models import Delivery, Due, Webhook, Why

_HOOK = "webhook_id, url, kinds, created_at, failing_since, disabled_at, disabled_why"
_DELIVERY = (
    "delivery_id, webhook_id, kind, created_at, tries, next_at, delivered_at, last_tried_at, last_status, "
    "last_error"
)

_TAKE = """
WITH due AS (
    SELECT waiting.delivery_id FROM webhook_deliveries waiting
    JOIN webhooks USING (webhook_id)
    WHERE waiting.next_at <= clock_timestamp() AND webhooks.disabled_at IS NULL
      AND (waiting.leased_until IS NULL OR waiting.leased_until < clock_timestamp())
      AND NOT EXISTS (
          SELECT 1 FROM webhook_deliveries other
          WHERE other.webhook_id = waiting.webhook_id AND other.delivery_id <> waiting.delivery_id
            AND other.next_at IS NOT NULL
            AND (other.leased_until >= clock_timestamp()
                 OR (other.next_at, other.delivery_id) < (waiting.next_at, waiting.delivery_id)))
    ORDER BY waiting.next_at LIMIT $1
    FOR UPDATE OF waiting SKIP LOCKED
)
UPDATE webhook_deliveries AS taken
SET token = $2, leased_until = clock_timestamp() + $3::interval, tries = tries + 1,
    last_tried_at = clock_timestamp()
FROM due, webhooks
WHERE taken.delivery_id = due.delivery_id AND webhooks.webhook_id = taken.webhook_id
RETURNING taken.*, webhooks.url, webhooks.secret, webhooks.failing_since,
    CASE WHEN webhooks.former_until > clock_timestamp() THEN webhooks.former_secret END AS former
"""
"""One message a web hook at a time, the one that has waited longest: an address that is slow delays its own
messages and no others."""


class WebhooksRepository:
    """Web hooks and their deliveries. `user_id` is asked for beside row level security."""

    async def add(self, connection: Connection, user_id: UUID, hook: Webhook, secret: str) -> None:
        """Store a new one."""
        await connection.execute(
            "INSERT INTO webhooks (webhook_id, user_id, url, kinds, secret, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            hook.webhook_id,
            user_id,
            hook.url,
            list(hook.kinds),
            secret,
            hook.created_at,
        )

    async def count(self, connection: Connection, user_id: UUID) -> int:
        """How many the user has."""
        return int(await connection.fetchval("SELECT count(*) FROM webhooks WHERE user_id = $1", user_id))

    async def all_of(self, connection: Connection, user_id: UUID) -> list[Webhook]:
        """The user's, newest first."""
        rows = await connection.fetch(
            f"SELECT {_HOOK} FROM webhooks WHERE user_id = $1 "  # noqa: S608 - constants
            "ORDER BY created_at DESC, webhook_id",
            user_id,
        )
        return [_hook(row) for row in rows]

    async def get(
        self, connection: Connection, user_id: UUID, webhook_id: UUID, *, lock: bool = False
    ) -> Webhook | None:
        """The user's web hook, locked where asked."""
        row = await connection.fetchrow(
            f"SELECT {_HOOK} FROM webhooks "  # noqa: S608 - constants
            f"WHERE user_id = $1 AND webhook_id = $2{' FOR UPDATE' if lock else ''}",
            user_id,
            webhook_id,
        )
        return _hook(row) if row else None

    async def change(self, connection: Connection, user_id: UUID, hook: Webhook) -> None:
        """Write what its owner may change. One that is enabled begins with a clean slate."""
        await connection.execute(
            """
            UPDATE webhooks SET url = $3, kinds = $4, disabled_at = $5, disabled_why = $6, failing_since = $7
            WHERE user_id = $1 AND webhook_id = $2
            """,
            user_id,
            hook.webhook_id,
            hook.url,
            list(hook.kinds),
            hook.disabled_at,
            hook.disabled_why,
            hook.failing_since,
        )

    async def replace_secret(
        self, connection: Connection, user_id: UUID, webhook_id: UUID, secret: str, *, former_for: timedelta
    ) -> bool:
        """A new secret, the old one being signed with for a while; whether there is such a web hook."""
        found = await connection.fetchval(
            """
            UPDATE webhooks SET former_secret = secret, secret = $3,
                                former_until = clock_timestamp() + $4::interval
            WHERE user_id = $1 AND webhook_id = $2 RETURNING 1
            """,
            user_id,
            webhook_id,
            secret,
            former_for,
        )
        return found is not None

    async def delete(self, connection: Connection, user_id: UUID, webhook_id: UUID) -> bool:
        """Remove it and the log of its deliveries; whether there was one."""
        found = await connection.fetchval(
            "DELETE FROM webhooks WHERE user_id = $1 AND webhook_id = $2 RETURNING 1", user_id, webhook_id
        )
        return found is not None

    async def add_delivery(
        self, connection: Connection, user_id: UUID, webhook_id: UUID, delivery_id: UUID, kind: str, body: str
    ) -> Delivery:
        """A message that is due now."""
        row = await connection.fetchrow(
            f"""
            INSERT INTO webhook_deliveries (delivery_id, webhook_id, user_id, kind, body)
            VALUES ($1, $2, $3, $4, $5) RETURNING {_DELIVERY}
            """,  # noqa: S608 - constants
            delivery_id,
            webhook_id,
            user_id,
            kind,
            body,
        )
        assert row is not None
        return Delivery(**row)

    async def deliveries(
        self,
        connection: Connection,
        user_id: UUID,
        webhook_id: UUID,
        *,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Delivery]:
        """The log of one web hook, newest first, from behind `before` on."""
        rows = await connection.fetch(
            f"""
            SELECT {_DELIVERY} FROM webhook_deliveries
            WHERE user_id = $1 AND webhook_id = $2
              AND ($3::timestamptz IS NULL OR (created_at, delivery_id) < ($3, $4::uuid))
            ORDER BY created_at DESC, delivery_id DESC LIMIT $5
            """,  # noqa: S608 - constants
            user_id,
            webhook_id,
            *(before or (None, None)),
            limit,
        )
        return [Delivery(**row) for row in rows]

    async def replay(
        self, connection: Connection, user_id: UUID, webhook_id: UUID, delivery_id: UUID
    ) -> Delivery | None:
        """The message is due again, from its first try on, under the same id."""
        row = await connection.fetchrow(
            f"""
            UPDATE webhook_deliveries SET next_at = clock_timestamp(), tries = 0, delivered_at = NULL
            WHERE user_id = $1 AND webhook_id = $2 AND delivery_id = $3 RETURNING {_DELIVERY}
            """,  # noqa: S608 - constants
            user_id,
            webhook_id,
            delivery_id,
        )
        return Delivery(**row) if row else None

    async def take(self, connection: Connection, *, token: UUID, lease: timedelta, limit: int) -> list[Due]:
        """Messages that are due, for this process alone until the lease ends. As the service itself."""
        rows = await connection.fetch(_TAKE, limit, token, lease)
        return [
            Due(
                delivery_id=row["delivery_id"],
                webhook_id=row["webhook_id"],
                token=token,
                url=row["url"],
                body=row["body"],
                secrets=tuple(key for key in (row["secret"], row["former"]) if key),
                tries=row["tries"],
                failing_since=row["failing_since"],
            )
            for row in rows
        ]

    async def settle(
        self,
        connection: Connection,
        due: Due,
        *,
        status: int | None,
        error: str | None,
        next_at: datetime | None,
        disable: Why | None,
    ) -> None:
        """Write down how a try went, unless another process has the message by now."""
        found = await connection.fetchval(
            """
            UPDATE webhook_deliveries
            SET token = NULL, leased_until = NULL, last_status = $3, last_error = $4, next_at = $5,
                delivered_at = CASE WHEN $4::text IS NULL THEN clock_timestamp() END
            WHERE delivery_id = $1 AND token = $2 RETURNING 1
            """,
            due.delivery_id,
            due.token,
            status,
            error,
            next_at,
        )
        if found is None:
            return
        await connection.execute(
            """
            UPDATE webhooks
            SET failing_since = CASE WHEN $2::text IS NULL THEN NULL
                                     ELSE coalesce(failing_since, clock_timestamp()) END,
                disabled_at = CASE WHEN $3::text IS NULL THEN disabled_at ELSE clock_timestamp() END,
                disabled_why = coalesce($3, disabled_why)
            WHERE webhook_id = $1
              AND ($3::text IS NOT NULL OR (failing_since IS NULL) = ($2::text IS NOT NULL))
            """,
            due.webhook_id,
            error,
            disable,
        )

    async def prune(self, connection: Connection, *, kept: timedelta, limit: int = 5000) -> None:
        """Forget at most `limit` messages that are older than what the log keeps."""
        await connection.execute(
            """
            DELETE FROM webhook_deliveries WHERE ctid IN (
                SELECT ctid FROM webhook_deliveries WHERE created_at < clock_timestamp() - $1::interval
                LIMIT $2 FOR UPDATE SKIP LOCKED)
            """,
            kept,
            limit,
        )


def _hook(row: Any) -> Webhook:
    return Webhook(**{**row, "kinds": tuple(row["kinds"])})
