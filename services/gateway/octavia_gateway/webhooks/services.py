"""The parts of this package, wired; made once an application."""

from dataclasses import dataclass
from typing import Self

from octavia_common.remote.addresses import AddressPolicy
from octavia_common.remote.resolving import Guard, SystemResolver

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.settings import GatewaySettings
from octavia_gateway.webhooks.sender import WebhookSender
from octavia_gateway.webhooks.service import WebhooksService


@dataclass(frozen=True)
class WebhookServices:
    """What the endpoints use, and what runs beside them."""

    hooks: WebhooksService
    sender: WebhookSender
    resolver: SystemResolver

    @classmethod
    def build(cls, settings: GatewaySettings, database: GatewayDatabase) -> Self:
        """Wires them; nothing is started."""
        resolver = SystemResolver()
        guard = Guard(resolver, AddressPolicy(settings.webhook_own_networks()))
        ports = settings.webhook_allowed_ports()
        hooks = WebhooksService(database, guard, ports=ports, insecure=settings.webhook_insecure)
        return cls(hooks, WebhookSender(database, guard, ports=ports), resolver)

    async def run(self) -> None:
        """Send for as long as the process lives."""
        try:
            await self.sender.run()
        finally:
            self.resolver.close()
