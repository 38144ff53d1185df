"""What both kinds of consumer share: one record at a time, acknowledged when its effect stands."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from faststream.kafka import KafkaBroker, KafkaMessage

from octavia_common.events import CloudEvent, EventData, JobEvent
from octavia_common.messaging.acknowledging import Acknowledger
from octavia_common.messaging.broker import subscribe
from octavia_common.messaging.dead_letters import DeadLetters
from octavia_common.messaging.ended_jobs import EndedJobs
from octavia_common.messaging.failures import language_of
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.poison import PoisonGauge, PoisonLimit, TooMuchPoisonError
from octavia_common.messaging.progress import ConsumerProgress
from octavia_common.messaging.publisher import EventPublisher, ShuttingDownError
from octavia_common.messaging.retries import RetryPolicy
from octavia_common.settings import ServiceSettings
from octavia_common.telemetry.metrics import EVENT_AGE_SECONDS, HANDLED, HANDLER_SECONDS
from octavia_common.topics import Topic

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Plumbing:
    """What every consumer of a process is given."""

    service: str
    settings: ServiceSettings
    broker: KafkaBroker
    publisher: EventPublisher
    dead_letters: DeadLetters
    ended: EndedJobs
    retry: RetryPolicy
    stopping: asyncio.Event


class Consumer(ABC):
    """One group, one record (or what is buffered) at a time; scaled by partitions and processes."""

    dealt = False
    """Whether neighbouring partitions go to different workers."""

    def __init__(self, name: str, topics: Sequence[Topic], plumbing: Plumbing) -> None:
        self.name = name
        self.topics = tuple(topics)
        self._plumbing = plumbing
        self._acknowledger = Acknowledger(name)
        settings = plumbing.settings
        self._poison = PoisonGauge(PoisonLimit(settings.poison_most_share, settings.poison_allowed))
        self.progress = ConsumerProgress(name, plumbing.settings.handler_timeout_seconds + 60)

    def attach(self) -> None:
        """Register with the broker; consuming begins when the broker starts."""
        prefix = self._plumbing.settings.kafka_prefix
        self.progress.subscriber = subscribe(
            self._plumbing.broker,
            self._plumbing.settings,
            topics=[f"{prefix}{topic.name}" for topic in self.topics],
            group=f"{prefix}{self.name}",
            handler=self._on_message,
            dealt=self.dealt,
        )

    @abstractmethod
    async def consume(self, message: KafkaMessage, first: Incoming) -> Sequence[Incoming]:
        """Let the record (and what was taken along with it) have its effect; return all of them.

        Raises ShuttingDownError where they must come again, TooMuchPoisonError where the consumer must
        stop.
        """

    async def close(self) -> None:
        """Acknowledge what is not acknowledged yet; the broker is stopped after it."""
        await self._acknowledger.close()

    async def _on_message(self, message: KafkaMessage) -> None:
        if self._plumbing.stopping.is_set():
            return
        first = Incoming.read(message.raw_message)
        taken: Sequence[Incoming] = [first]
        EVENT_AGE_SECONDS.labels(self.name).observe(first.age_seconds)
        self.progress.began()
        started = time.perf_counter()
        try:
            taken = await self.consume(message, first)
        except ShuttingDownError:
            return
        except TooMuchPoisonError as error:
            await self._stop_for_good(first, str(error))
            return
        except Exception:
            # Only a fault of the shell itself comes here: leave the record unacknowledged and let
            # the process be restarted rather than lose it.
            log.exception("the shell failed; stopping", consumer=self.name, place=first.place)
            self._plumbing.stopping.set()
            raise
        finally:
            HANDLER_SECONDS.labels(self.name).observe(time.perf_counter() - started)
            self.progress.ended([(each.topic, each.partition, each.offset) for each in taken])
        self._acknowledger.done(message.consumer, taken)  # type: ignore[arg-type]
        if self._plumbing.stopping.is_set():
            await self._acknowledger.flush()

    async def _stop_for_good(self, first: Incoming, reason: str) -> None:
        """Take nothing more and leave the record where it is; the process lives on, its health red."""
        log.error("too many broken events; this consumer stops", consumer=self.name, place=first.place)
        self.progress.stop(reason)
        await self._plumbing.stopping.wait()

    async def give_up(
        self, incoming: Incoming, *, reason: str, event: CloudEvent[EventData] | None = None
    ) -> None:
        """Put a record among the dead letters. Raises TooMuchPoisonError where there are too many."""
        self._poison.letter()
        await self._plumbing.dead_letters.give_up(incoming, consumer=self.name, reason=reason, event=event)
        HANDLED.labels(self.name, "dead_letter").inc()

    def is_anothers(self, incoming: Incoming) -> bool:
        """Whether a record was repeated for another consumer of the topic, and count it so.

        Asked before it is read: what another could not read is not to be given up here once more.
        """
        if incoming.delivery.meant_for in ("", self.name):
            return False
        HANDLED.labels(self.name, "not_ours").inc()
        return True

    def passes_by(self, data: EventData, *, skip_ended: bool) -> bool:
        """Whether an event is of a job, or of a language, that has ended, and count it so."""
        if skip_ended and self.is_over(data):
            HANDLED.labels(self.name, "job_ended").inc()
            return True
        return False

    def is_over(self, data: EventData) -> bool:
        """Whether an event is of a job that has ended, or works towards a language that has failed."""
        ended = self._plumbing.ended
        return isinstance(data, JobEvent) and ended.has_ended(data.job.hold_id, language_of(data))
