"""The runtime of a service: everything but its own handlers, put together in one place."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Self

import structlog
from aiokafka.errors import KafkaError

from octavia_common.artifacts.s3 import open_store
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.database import Database
from octavia_common.errors import TransientError
from octavia_common.events import EnginePublished, EventData
from octavia_common.health import Health, HealthServer, serve_health
from octavia_common.messaging.broker import make_broker
from octavia_common.messaging.consumer import Consumer, Plumbing
from octavia_common.messaging.dead_letters import DeadLetters
from octavia_common.messaging.ended_jobs import EndedJobs
from octavia_common.messaging.handlers import StageHandler, TransactionalHandler
from octavia_common.messaging.publisher import EventPublisher
from octavia_common.messaging.retries import RetryPolicy
from octavia_common.messaging.stage import RetryConsumer, StageConsumer
from octavia_common.messaging.transactional import Route, TransactionalConsumer
from octavia_common.outbox.outbox import Outbox
from octavia_common.outbox.relay import Relay
from octavia_common.patience import once_there
from octavia_common.settings import ServiceSettings
from octavia_common.telemetry.gpu import watch_gpus
from octavia_common.telemetry.logs import configure_logging
from octavia_common.telemetry.tracing import configure_tracing
from octavia_common.topics import Topic

log = structlog.get_logger(__name__)

_STOPS = (signal.SIGTERM, signal.SIGINT)


def _is_away(error: BaseException) -> bool:
    return isinstance(error, (TransientError, KafkaError, OSError))


class ServiceRuntime:
    """Logging, tracing, Kafka, store, tables, health and signals of one process.

    Handlers are added before the context is entered; consuming begins on entering and ends, with
    the work in hand finished or abandoned, on leaving.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        *,
        schema: str | None = None,
        session: Mapping[str, str] | None = None,
    ) -> None:
        """`schema` for a service with tables; `session` as in Database."""
        self.name = name
        self.settings = settings
        configure_logging(name, level=settings.log_level, style=settings.log_format)
        self._tracing = configure_tracing(name, settings.otlp_endpoint)
        watch_gpus()
        self.stopping = asyncio.Event()
        self.failed = False
        self.health = Health()
        self.store: ArtifactStore = open_store(settings)
        self.broker = make_broker(settings, name)
        self.publisher = EventPublisher(self.broker, service=name, prefix=settings.kafka_prefix)
        self.ended = EndedJobs(settings)
        self._plumbing = Plumbing(
            service=name,
            settings=settings,
            broker=self.broker,
            publisher=self.publisher,
            dead_letters=DeadLetters(self.publisher),
            ended=self.ended,
            retry=RetryPolicy(
                settings.retry_attempts,
                settings.retry_first_delay_seconds,
                settings.retry_max_delay_seconds,
                settings.retry_max_age_seconds,
            ),
            stopping=self.stopping,
        )
        self._consumers: list[Consumer] = []
        self._background: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._server: HealthServer | None = None
        self._database: Database | None = None
        self._needs_endings = False
        self._engine: EnginePublished | None = None
        if schema is not None:
            self._database = Database(
                settings.database_url.get_secret_value(),
                schema=schema,
                pool_size=settings.database_pool_size,
                session=session,
            )
            self.outbox = Outbox(name, schema)
            self.relay = Relay(self._database, self.outbox, self.publisher)

    @property
    def database(self) -> Database:
        """The service's tables. Raises RuntimeError for a service without any."""
        if self._database is None:
            raise RuntimeError(f"{self.name} has no tables")
        return self._database

    def add_stage(
        self, topic: Topic, event: type[EventData], handler: StageHandler, *, name: str, abreast: int = 1
    ) -> None:
        """Run `handler` on every `event` of `topic`; `name` is its consumer group.

        `abreast` events at once: the process then is so many members of the group, each with partitions of
        its own, for a handler that mostly waits for somebody else's work.
        """
        self._needs_endings = True
        if not any(isinstance(consumer, RetryConsumer) for consumer in self._consumers):
            self._add(RetryConsumer(self._plumbing))
        for _ in range(abreast):
            self._add(StageConsumer(name, topic, event, handler, self._plumbing))

    def add_transactional(
        self, routes: Mapping[Topic, TransactionalHandler | Route], *, name: str, max_batch: int = 64
    ) -> None:
        """Apply the events of these topics to the service's tables, in batches; `name` is the group."""
        made = {topic: route if isinstance(route, Route) else Route(route) for topic, route in routes.items()}
        self._needs_endings = self._needs_endings or any(route.skip_ended for route in made.values())
        self._add(
            TransactionalConsumer(
                name,
                made,
                self._plumbing,
                database=self.database,
                outbox=self.outbox,
                relay=self.relay,
                max_batch=max_batch,
            )
        )

    def _add(self, consumer: Consumer) -> None:
        consumer.attach()
        self._consumers.append(consumer)
        self.health.alive.append(consumer.progress.trouble)
        same = sum(other.name == consumer.name for other in self._consumers) - 1
        self.health.checks[f"{consumer.name}-{same}" if same else consumer.name] = consumer.progress.check

    def add_background(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `run()` from start to stop; its end before that stops the service with an error."""
        self._background[name] = run

    def add_readiness(self, name: str, check: Callable[[], Awaitable[None]]) -> None:
        """Be ready only while `check` passes."""
        self.health.checks[name] = check

    def tell_engine(self, engine: EnginePublished) -> None:
        """Have everybody told, at the start and before this process is ready, what its engine can do."""
        self._engine = engine

    async def __aenter__(self) -> Self:
        settings = self.settings
        self._server = await serve_health(self.health, settings.health_host, settings.health_port)
        try:
            await self._start()
        except BaseException:
            await self._close()
            raise
        # Before anybody is told that it is ready: whoever stops it then finds it listening.
        for sign in _STOPS:
            asyncio.get_running_loop().add_signal_handler(sign, self.stopping.set)
        self.health.ready = True
        log.info("ready", service=self.name)
        return self

    async def _start(self) -> None:
        await once_there(self.store.ensure_bucket, _is_away)
        self.health.checks["store"] = self.store.check
        if self._database is not None:
            await self._database.open()
            self.health.checks["database"] = self._database.check
            self.add_background("relay", self.relay.run)
        if self._needs_endings:
            self.add_background("ended jobs", self.ended.run)
        self.health.checks["kafka"] = self._check_kafka
        # Before the relay: it may find what a killed process has left unsent, and takes a broker that is not
        # connected for one that is stopped.
        await once_there(self.broker.connect, _is_away)
        for name, run in self._background.items():
            self._spawn(name, run)
        if self._needs_endings:
            await asyncio.wait_for(self.ended.caught_up.wait(), 120)
        # What `broker.start` does, but all groups are joined at once instead of one after another.
        await asyncio.gather(*(subscriber.start() for subscriber in self.broker.subscribers))
        self.broker.running = True
        if self._engine is not None:
            # At each start: a configuration that comes back is news, though its content is not.
            await self.publisher.publish(
                [self._engine.model_copy(update={"published_at": datetime.now(UTC)})]
            )

    async def _check_kafka(self) -> None:
        if not await self.broker.ping(timeout=4):
            raise ConnectionError("Kafka does not answer")

    def _spawn(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def guarded() -> None:
            try:
                await run()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("a background task failed; stopping", task=name)
            if not self.stopping.is_set():
                self.failed = True
                self.stopping.set()

        self._tasks.append(asyncio.create_task(guarded(), name=name))

    async def run(self) -> None:
        """Wait for SIGTERM or SIGINT. Raises SystemExit(1) where the process stops by a fault."""
        await self.stopping.wait()
        if self.failed:
            raise SystemExit(1)

    async def __aexit__(self, *_: object) -> None:
        log.info("stopping", service=self.name)
        self.health.ready = False
        for sign in _STOPS:  # who asks a second time means it
            asyncio.get_running_loop().remove_signal_handler(sign)
        await self._close()

    async def _close(self) -> None:
        self.stopping.set()
        await asyncio.gather(*(consumer.close() for consumer in self._consumers), return_exceptions=True)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.broker.stop(), self.settings.shutdown_grace_seconds + 5)
        self.publisher.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._database is not None:
            await self._database.close()
        await self.store.close()
        if self._server is not None:
            await self._server.close()
        await asyncio.to_thread(self._tracing.shutdown)
