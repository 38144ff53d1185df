"""The outbox: events written in the same transaction as the effect they tell of."""

from collections.abc import Mapping, Sequence
from typing import Any

from octavia_common.events import EventData
from octavia_common.messaging.broker import MAX_MESSAGE_BYTES
from octavia_common.messaging.codec import encode_all
from octavia_common.messaging.publisher import EventTooLargeError
from octavia_common.telemetry.tracing import current_traceparent

MOST_BYTES = MAX_MESSAGE_BYTES - 16 * 1024
"""Of one event; the rest is for its key and headers."""

CHANNEL = "octavia_outbox"


class Outbox:
    """Adds events on the caller's connection; the relay of any replica sends them."""

    def __init__(self, service: str, schema: str) -> None:
        self._service = service
        self._channel = f"{CHANNEL}_{schema}"

    @property
    def channel(self) -> str:
        """The NOTIFY channel that wakes the relay."""
        return self._channel

    async def add(
        self,
        connection: Any,
        events: Sequence[EventData],
        *,
        traces: Mapping[str, str] | None = None,
        waker: str = "",
    ) -> None:
        """Write `events` into the caller's transaction.

        `traces` maps an event's subject to the traceparent it continues; others continue the
        current span. `waker` names the relay that the caller wakes itself after the commit, so that
        it does not look twice.

        Raises EventTooLargeError for one that Kafka would not take.
        """
        if not events:
            return
        encoded = encode_all(events, service=self._service)
        for event, (_, body) in zip(events, encoded, strict=True):
            # The relay could send neither it nor what was claimed with it, and would try for ever.
            if len(body) > MOST_BYTES:
                raise EventTooLargeError(f"An event {event.TYPE} of {len(body)} bytes is too large.")
        here = current_traceparent()
        traces = traces or {}
        await connection.execute(
            """
            WITH added AS (
                INSERT INTO outbox (event_id, type, body, message_key, slot, traceparent)
                SELECT * FROM unnest(
                    $1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bigint[], $6::text[]
                )
            )
            SELECT pg_notify($7, $8)
            """,
            [event_id for event_id, _ in encoded],
            [event.TYPE for event in events],
            [body for _, body in encoded],
            [event.key() for event in events],
            [event.slot() for event in events],
            [traces.get(event.subject(), here) if traces else here for event in events],
            self._channel,
            waker,
        )
