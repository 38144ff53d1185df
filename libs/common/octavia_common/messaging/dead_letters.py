"""The dead-letter topic: what was given up on, kept with its origin and reason."""

import time
from dataclasses import replace

import structlog

from octavia_common import topics
from octavia_common.events import CloudEvent, EventData, JobError, JobEvent
from octavia_common.events.jobs import JobFailed
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.publisher import EventPublisher, Outgoing
from octavia_common.telemetry.metrics import DEAD_LETTERS

log = structlog.get_logger(__name__)

PLACE = "octavia-place"
GIVEN_UP_AT = "octavia-given-up-at"

INTERNAL_MESSAGE = (
    "Something went wrong on our side while working on this job. Your credits are back; "
    "please try again, and tell the operator if it happens again."
)


class DeadLetters:
    """Gives up on a message: keeps it, and fails its job where one is known."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher

    async def give_up(
        self, incoming: Incoming, *, consumer: str, reason: str, event: CloudEvent[EventData] | None
    ) -> None:
        """Keep `incoming` on the dead-letter topic; its job, where `event` names one, fails."""
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
        messages = [
            Outgoing(
                topic=self._publisher.topic_name(topics.DEAD_LETTERS),
                body=incoming.body,
                key=(incoming.key or b"").decode(errors="replace"),
                headers=headers,
            )
        ]
        # A failure that cannot be applied must not make another one: that would go on for ever.
        if event is not None and isinstance(event.data, JobEvent) and not isinstance(event.data, JobFailed):
            failed = JobFailed(
                job=event.data.job,
                error=JobError(code="internal", message=INTERNAL_MESSAGE, stage=consumer),
            )
            messages.append(self._publisher.outgoing(failed, incoming.headers.get("traceparent", "")))
        await self._publisher.send(messages)
