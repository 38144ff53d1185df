"""The dead-letter topic: what was given up on, kept with its origin and reason."""

import time
from collections.abc import Mapping
from dataclasses import replace

import structlog

from octavia_common import topics
from octavia_common.events import CloudEvent, EventData, JobError
from octavia_common.messaging.failures import failures_of
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.publisher import EventPublisher, EventTooLargeError, Outgoing
from octavia_common.telemetry.metrics import DEAD_LETTERS

log = structlog.get_logger(__name__)

PLACE = "octavia-place"
GIVEN_UP_AT = "octavia-given-up-at"
CUT = "octavia-cut"
"""How many bytes an event had that was too large to be kept whole; it cannot be replayed from here."""

KEPT_OF_TOO_LARGE = 64 * 1024
"""Bytes that are kept of such an event; the whole one lies where PLACE says."""

_LONGEST_KEY = 1024

INTERNAL_MESSAGE = (
    "Something went wrong on our side while working on this job. Your credits are back; "
    "please try again, and tell the operator if it happens again."
)


class DeadLetters:
    """Gives up on a message: keeps it, and fails its jobs, or one language, where they are known."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher

    async def give_up(
        self, incoming: Incoming, *, consumer: str, reason: str, event: CloudEvent[EventData] | None
    ) -> None:
        """Keep `incoming` on the dead-letter topic; what cannot go on without `event` fails."""
        code = reason.partition(":")[0]
        DEAD_LETTERS.labels(consumer, code).inc()
        log.error("dead letter", consumer=consumer, place=incoming.place, reason=reason)
        delivery = replace(incoming.delivery, meant_for=consumer, origin=incoming.topic, reason=reason)
        headers = {
            **incoming.headers,
            **delivery.headers(),
            PLACE: incoming.place,
            GIVEN_UP_AT: repr(time.time()),
        }
        messages = [self._letter(incoming, incoming.body, headers)]
        error = JobError(code="internal", message=INTERNAL_MESSAGE, stage=consumer)
        for failed in failures_of(event.data, error) if event is not None else ():
            messages.append(self._publisher.outgoing(failed, incoming.headers.get("traceparent", "")))
        try:
            await self._publisher.send(messages)
        except EventTooLargeError:
            ours = {key: headers[key] for key in (*delivery.headers(), PLACE, GIVEN_UP_AT)}
            beginning = incoming.body[:KEPT_OF_TOO_LARGE]
            messages[0] = self._letter(incoming, beginning, {**ours, CUT: str(len(incoming.body))})
            await self._publisher.send(messages)

    def _letter(self, incoming: Incoming, body: bytes, headers: Mapping[str, str]) -> Outgoing:
        key = (incoming.key or b"")[:_LONGEST_KEY].decode(errors="replace")
        return Outgoing(
            topic=self._publisher.topic_name(topics.DEAD_LETTERS), body=body, key=key, headers=headers
        )
