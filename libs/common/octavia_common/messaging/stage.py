"""The stage shell: everything around a pure stage, so that a stage is only its handler."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from faststream.kafka import KafkaMessage
from opentelemetry.trace import SpanKind

from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError, OctaviaError, PermanentError, TransientError
from octavia_common.events import CloudEvent, EventData, JobError, JobEvent
from octavia_common.messaging.codec import UndecodableEventError, decode
from octavia_common.messaging.consumer import Consumer, Plumbing
from octavia_common.messaging.failures import failures_of, language_of
from octavia_common.messaging.handlers import StageHandler, Work
from octavia_common.messaging.headers import Made
from octavia_common.messaging.incoming import Incoming
from octavia_common.messaging.publisher import Outgoing, ShuttingDownError
from octavia_common.telemetry.metrics import HANDLED, RETRIES
from octavia_common.telemetry.tracing import context_of, tracer
from octavia_common.topics import EVENT_TOPICS, Topic, retry_topic

log = structlog.get_logger(__name__)


class StageConsumer(Consumer):
    """Runs a `StageHandler` on each event of one kind; other kinds of the topic are passed by.

    What becomes of a record: published and acknowledged; dropped, where its job or language has ended; its
    job, or the one language that it is about, failed, on a permanent error; put aside to be tried again, on
    any other; a dead letter, when tries or time run out or it cannot be read.
    """

    dealt = True

    def __init__(
        self, name: str, topic: Topic, kind: type[EventData], handler: StageHandler, plumbing: Plumbing
    ) -> None:
        super().__init__(name, [topic], plumbing)
        self._topic = topic
        self._kind = kind
        self._handler = handler

    async def consume(self, message: KafkaMessage, first: Incoming) -> Sequence[Incoming]:
        if self.is_anothers(first):
            return [first]
        try:
            event = decode(first.body, *self._topic.carries)
        except UndecodableEventError as error:
            await self.give_up(first, reason=f"{error.code}: {error.message}")
            return [first]
        if not isinstance(event.data, self._kind):
            HANDLED.labels(self.name, "other_kind").inc()
        elif not self.passes_by(event.data, skip_ended=True):
            await self._work_on(first, event)
        return [first]

    async def _work_on(self, incoming: Incoming, event: CloudEvent[Any]) -> None:
        subject = {"octavia.event": event.type, "octavia.subject": event.subject}
        chunk = getattr(event.data, "chunk", None)
        about = {"subject": event.subject, "consumer": self.name}
        if chunk is not None:
            about |= {"chunk": chunk.index, "language": getattr(event.data, "target_language", "")}
        with (
            structlog.contextvars.bound_contextvars(**about),
            tracer().start_as_current_span(
                self.name, context=context_of(incoming.headers), kind=SpanKind.CONSUMER, attributes=subject
            ) as span,
        ):
            if chunk is not None:
                span.set_attribute("octavia.chunk", chunk.index)
            outcome = "failed"
            try:
                outcome = await self._try(incoming, event)
            finally:
                span.set_attribute("octavia.outcome", outcome)
                if outcome != "dead_letter":  # counted where it is given up
                    HANDLED.labels(self.name, outcome).inc()
            if outcome in ("ok", "permanent"):
                self._poison.passed()

    async def _try(self, incoming: Incoming, event: CloudEvent[Any]) -> str:
        publisher = self._plumbing.publisher
        made = Made.here()
        try:
            await publisher.publish(await self._run_handler(event), made=made)
        except ShuttingDownError:
            raise
        except JobCancelledError:
            return "job_ended"
        except PermanentError as error:
            log.info("permanent failure", code=error.code, message=error.message, **error.context)
            await publisher.publish(self._failures(event, error), made=made)
            return "permanent"
        except Exception as error:
            known = isinstance(error, TransientError)
            log.warning("failed, trying again", error=repr(error), exc_info=not known)
            return await self._try_later(incoming, event, error)
        return "ok"

    async def _run_handler(self, event: CloudEvent[Any]) -> Sequence[EventData]:
        """The handler's answer; cancelled when its job ends, its time is up or the process stops."""
        token = CancelToken()
        hold_id = event.data.job.hold_id if isinstance(event.data, JobEvent) else None
        language = language_of(event.data)
        if hold_id is not None:
            self._plumbing.ended.watch(hold_id, token, language)
        limit = self._plumbing.settings.handler_timeout_seconds
        grace = asyncio.ensure_future(self._cancel_on_stop(token))
        try:
            with tempfile.TemporaryDirectory(
                prefix="octavia-", dir=self._plumbing.settings.scratch_dir, ignore_cleanup_errors=True
            ) as scratch:
                async with asyncio.timeout(limit):
                    produced = await self._handler.handle(event, Work(cancel=token, scratch=Path(scratch)))
            token.raise_if_cancelled()
            return produced
        except TimeoutError:
            token.cancel("time limit")
            raise TransientError(f"{self.name} took longer than {limit:.0f} s and was stopped.") from None
        except Exception:
            if token.cancelled and self._plumbing.stopping.is_set():
                raise ShuttingDownError("Work in hand was abandoned; another worker takes it.") from None
            if token.cancelled:
                raise JobCancelledError("The job has ended.", reason=token.reason) from None
            raise
        finally:
            grace.cancel()
            if hold_id is not None:
                self._plumbing.ended.unwatch(hold_id, token, language)

    async def _cancel_on_stop(self, token: CancelToken) -> None:
        await self._plumbing.stopping.wait()
        await asyncio.sleep(self._plumbing.settings.shutdown_grace_seconds * 0.75)
        token.cancel("shutdown")

    def _failures(self, event: CloudEvent[Any], error: OctaviaError) -> Sequence[EventData]:
        told = JobError(code=error.code, message=error.message, stage=self._plumbing.service)
        return failures_of(event.data, told)

    async def _try_later(self, incoming: Incoming, event: CloudEvent[Any], error: Exception) -> str:
        """Park the record on the retry topic, so that the partition goes on, or give it up."""
        delivery = incoming.delivery
        delay = self._plumbing.retry.delay(delivery.attempt, age_seconds=time.time() - delivery.first_try)
        if delay is None:
            await self.give_up(incoming, reason=f"retries_exhausted: {error!r}", event=event)
            return "dead_letter"
        RETRIES.labels(self.name).inc()
        again = replace(
            delivery,
            attempt=delivery.attempt + 1,
            meant_for=self.name,
            origin=incoming.topic,
            not_before=time.time() + delay,
            reason=repr(error),
        )
        publisher = self._plumbing.publisher
        await publisher.send(
            [
                Outgoing(
                    topic=publisher.topic_name(retry_topic(self._plumbing.service)),
                    body=incoming.body,
                    key=(incoming.key or b"").decode(errors="replace"),
                    headers={**incoming.headers, **again.headers()},
                )
            ]
        )
        return "retry"


class RetryConsumer(Consumer):
    """Puts parked records back on their topic when their time has come.

    The wait is bounded by the policy's longest delay, and holds up only other parked records.
    """

    def __init__(self, plumbing: Plumbing) -> None:
        super().__init__(f"{plumbing.service}.retry", [retry_topic(plumbing.service)], plumbing)
        self._origins = {plumbing.publisher.topic_name(topic) for topic in EVENT_TOPICS}

    async def consume(self, message: KafkaMessage, first: Incoming) -> Sequence[Incoming]:
        wait = min(first.delivery.not_before - time.time(), self._plumbing.settings.retry_max_delay_seconds)
        if wait > 0:
            try:
                await asyncio.wait_for(self._plumbing.stopping.wait(), wait)
                raise ShuttingDownError("The service is stopping; the retry waits for another.")
            except TimeoutError:
                pass
        # A topic that is not there would be waited for, and this one would only send it round in a circle.
        if first.delivery.origin not in self._origins:
            await self.give_up(first, reason="undecodable_event: a retry of no topic of this platform")
            return [first]
        await self._plumbing.publisher.send(
            [
                Outgoing(
                    topic=first.delivery.origin,
                    body=first.body,
                    key=(first.key or b"").decode(errors="replace"),
                    headers=first.headers,
                )
            ]
        )
        self._poison.passed()
        return [first]
