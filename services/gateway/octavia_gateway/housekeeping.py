"""Forgets what is no longer needed: old stream events, spent sessions, answered keys, what has expired."""

from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.events.log import EventLog
from octavia_gateway.idempotency import Idempotency
from octavia_gateway.rate_limits.guessing import FORGET_SECONDS
from octavia_gateway.rate_limits.repository import LimitsRepository
from octavia_gateway.retention.service import Retention
from octavia_gateway.videos.callback_door import prune_callbacks
from octavia_gateway.webhooks.repository import WebhooksRepository
from octavia_gateway.webhooks.schedule import KEPT


class Housekeeping:
    """One round now and then; replicas that do it at once do not disturb each other."""

    def __init__(
        self,
        database: GatewayDatabase,
        retention: Retention,
        idempotency: Idempotency,
        *,
        job_event_days: int,
    ) -> None:
        self._database = database
        self._retention = retention
        self._idempotency = idempotency
        self._job_event_days = job_event_days
        self._log = EventLog()
        self._accounts = AuthRepository()
        self._limits = LimitsRepository()
        self._webhooks = WebhooksRepository()

    async def round(self) -> None:
        """Prune a bounded number of rows of each kind."""
        async with self._database.service_transaction() as connection:
            await self._log.prune(connection, days=self._job_event_days)
            await self._accounts.prune(connection)
            await self._idempotency.prune(connection)
            await prune_callbacks(connection)
            await self._webhooks.prune(connection, kept=KEPT)
            await self._limits.prune(connection, forget=FORGET_SECONDS)
        await self._retention.round()
