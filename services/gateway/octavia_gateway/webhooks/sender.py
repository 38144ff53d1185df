"""Sends what is due. Any number of replicas may: each message is in the hands of one, by a lease."""

import asyncio
import random
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from octavia_common.database import UNAVAILABLE
from octavia_common.errors import OctaviaError
from octavia_common.remote.http import post
from octavia_common.remote.resolving import Guard
from octavia_common.remote.targets import parse_target
from prometheus_client import Counter

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.webhooks import signing
from octavia_gateway.webhooks.models import Due, Why
from octavia_gateway.webhooks.repository import WebhooksRepository
from octavia_gateway.webhooks.schedule import is_given_up, next_try

log = structlog.get_logger(__name__)

AT_ONCE = 16
PATIENCE_SECONDS = 15.0
"""How long an address may take to answer; the Standard Webhooks specification suggests 15 to 30."""

LEASE = timedelta(seconds=60)
IDLE_SECONDS = 1.0
GONE = 410

SENT = Counter("octavia_webhook_tries_total", "Messages sent to web hooks, by how it went.", ["outcome"])


class WebhookSender:
    """Delivers messages for as long as it runs."""

    def __init__(
        self,
        database: GatewayDatabase,
        guard: Guard,
        *,
        ports: frozenset[int],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._guard = guard
        self._ports = ports
        self._clock = clock
        self._tls = ssl.create_default_context()
        self._luck = random.Random()
        self._hooks = WebhooksRepository()

    async def run(self) -> None:
        """Send whatever comes due, until cancelled; a database that is away is waited for."""
        free = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await free.acquire()
                try:
                    due = await self._take(1)
                except UNAVAILABLE as error:
                    log.warning("the database is away", task="webhooks", error=repr(error))
                    due = []
                if due:
                    tasks.create_task(self._deliver(due[0])).add_done_callback(lambda _: free.release())
                else:
                    free.release()
                    await asyncio.sleep(IDLE_SECONDS)

    async def send_due(self) -> int:
        """Send what is due now, one after another; how many messages that were."""
        count = 0
        while due := await self._take(AT_ONCE):
            for one in due:
                await self._deliver(one)
            count += len(due)
        return count

    async def _take(self, limit: int) -> list[Due]:
        async with self._database.service_transaction() as connection:
            return await self._hooks.take(connection, token=uuid4(), lease=LEASE, limit=limit)

    async def _deliver(self, due: Due) -> None:
        status, error = await self._try(due)
        SENT.labels("delivered" if error is None else "failed").inc()
        now = self._clock()
        disable: Why | None = None
        if status == GONE:
            disable = "gone"
        elif error is not None and is_given_up(due.failing_since, now):
            disable = "failing"
        again = None if error is None or status == GONE else next_try(due.tries, now, self._luck)
        try:
            async with self._database.service_transaction() as connection:
                await self._hooks.settle(
                    connection, due, status=status, error=error, next_at=again, disable=disable
                )
        except UNAVAILABLE as trouble:  # its lease ends, and it is sent again under the same id
            log.warning("a delivery could not be noted", delivery=str(due.delivery_id), error=repr(trouble))

    async def _try(self, due: Due) -> tuple[int | None, str | None]:
        """The HTTP status, and what went wrong. Redirects are not followed, as the specification asks."""
        message_id = f"msg_{due.delivery_id}"
        headers = signing.headers(message_id, self._clock(), due.body, due.secrets)
        try:
            target = parse_target(due.url, self._ports)
            async with asyncio.timeout(PATIENCE_SECONDS):
                addresses = await self._guard.checked(target)
                async with post(
                    target,
                    addresses,
                    self._tls,
                    headers={"Content-Type": "application/json", **headers},
                    body=due.body.encode(),
                ) as answer:
                    status = answer.status
        except TimeoutError:
            return None, f"No answer within {PATIENCE_SECONDS:g} s."
        except OctaviaError as error:
            return None, error.message
        return status, None if 200 <= status < 300 else f"Answered {status}."
