"""Sends events to the topics the manifest names, and does not give up while Kafka is away."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_never, wait_exponential_jitter

from octavia_common.errors import PermanentError, TransientError
from octavia_common.events import EventData
from octavia_common.messaging.codec import CONTENT_TYPE, encode
from octavia_common.messaging.headers import TRACEPARENT, Made
from octavia_common.telemetry.tracing import current_traceparent
from octavia_common.topics import Topic, topic_of

log = structlog.get_logger(__name__)


class ShuttingDownError(TransientError):
    """The process is ending: what is unsent stays unacknowledged and comes again elsewhere."""

    code = "shutting_down"


class EventTooLargeError(PermanentError):
    """An event does not fit into a Kafka message: something that belongs into the store is in it."""

    code = "event_too_large"
    status = 500


@dataclass(frozen=True)
class Outgoing:
    """One message ready to be sent; `slot` picks the partition, else the key does."""

    topic: str
    body: bytes
    key: str
    slot: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class EventPublisher:
    """Publishes for one service. Messages of one call keep their order within a partition."""

    def __init__(self, broker: KafkaBroker, *, service: str, prefix: str) -> None:
        self._broker = broker
        self._service = service
        self._prefix = prefix
        self._stopping = asyncio.Event()

    def topic_name(self, topic: Topic) -> str:
        """The name on this broker."""
        return f"{self._prefix}{topic.name}"

    def stop(self) -> None:
        """Let calls that wait for Kafka give up."""
        self._stopping.set()

    async def publish(self, events: Sequence[EventData], *, made: Made | None = None) -> None:
        """Send `events`, continuing the current trace; returns when Kafka has them all.

        `made` says who made what they tell of, for `octavia job trace`.

        Raises ShuttingDownError where the process ends before that.
        """
        trace = current_traceparent()
        await self.send([self.outgoing(event, trace, made) for event in events])

    def outgoing(self, event: EventData, traceparent: str, made: Made | None = None) -> Outgoing:
        """`event` as a message that continues the trace of `traceparent`."""
        return Outgoing(
            topic=self.topic_name(topic_of(type(event))),
            body=encode(event, service=self._service),
            key=event.key(),
            slot=event.slot(),
            headers={
                **({TRACEPARENT: traceparent} if traceparent else {}),
                **(made.headers() if made is not None else {}),
            },
        )

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Send messages as they are, trying again for as long as Kafka is away."""
        if not messages:
            return
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_passing),
            stop=stop_never,
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            sleep=self._sleep,
            before_sleep=_tell,
            reraise=True,
        ):
            with attempt:
                await self._send_once(messages)

    async def _send_once(self, messages: Sequence[Outgoing]) -> None:
        try:
            futures = [
                await self._broker.publish(
                    message.body,
                    message.topic,
                    key=message.key.encode(),
                    partition=await self._partition(message),
                    headers={"content-type": CONTENT_TYPE, **message.headers},
                    no_confirm=True,
                )
                for message in messages
            ]
            await asyncio.gather(*futures)
        except IncorrectState:
            # Consumers finish their work before the broker is stopped; the relay may have more to send.
            raise ShuttingDownError("The broker is stopped: what is unsent is sent elsewhere.") from None
        except MessageSizeTooLargeError:
            largest = max(messages, key=lambda message: len(message.body))
            raise EventTooLargeError(
                f"An event of {len(largest.body)} bytes is too large for {largest.topic}."
            ) from None

    async def _partition(self, message: Outgoing) -> int | None:
        if message.slot is None:
            return None
        partitions = await self._broker._producer._producer.producer.partitions_for(message.topic)  # type: ignore[attr-defined]
        return message.slot % len(partitions)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise ShuttingDownError("The service is stopping before Kafka answered.")


def _passing(error: BaseException) -> bool:
    return isinstance(error, (KafkaError, OSError, TimeoutError)) and not isinstance(
        error, MessageSizeTooLargeError
    )


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("kafka is away, sending again", attempt=state.attempt_number, error=repr(error))
