"""Puts what happened into the queue of deliveries, in the transaction in which it happened."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from octavia_gateway.database import Connection
from octavia_gateway.webhooks.kinds import KINDS

if TYPE_CHECKING:
    from octavia_gateway.events.log import Draft

_ENQUEUE = """
INSERT INTO webhook_deliveries (delivery_id, webhook_id, user_id, kind, body)
SELECT md5(told.id || webhooks.webhook_id::text)::uuid, webhook_id, told.user_id, told.kind, told.body
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) AS told (id, user_id, kind, body)
JOIN webhooks ON webhooks.user_id = told.user_id
WHERE webhooks.disabled_at IS NULL AND told.kind = ANY (webhooks.kinds)
"""


async def enqueue(connection: Connection, drafts: Sequence["Draft"]) -> None:
    """A delivery for each web hook that wants to know; as the service itself."""
    told = [draft for draft in drafts if draft.kind in KINDS]
    if told:
        now = datetime.now(UTC)
        await connection.execute(
            _ENQUEUE,
            [uuid4().hex for _ in told],
            [draft.user_id for draft in told],
            [draft.kind for draft in told],
            [message(draft.kind, now, draft.body) for draft in told],
        )


def message(kind: str, at: datetime, data: str) -> str:
    """The body of a message; `data` is JSON."""
    return f'{{"type":"{kind}","timestamp":"{at.isoformat()}","data":{data}}}'
