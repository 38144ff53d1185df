"""The parts of this package, wired; made once an application."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from octavia_common.remote.addresses import AddressPolicy
from octavia_common.remote.resolving import Guard, SystemResolver
from octavia_common.remote.source import Pace, RemoteSource

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.services import FileServices
from octavia_gateway.remote.fetcher import FetchLimits, RemoteFetcher
from octavia_gateway.remote.service import RemoteUploads
from octavia_gateway.settings import GatewaySettings


@dataclass(frozen=True)
class RemoteServices:
    """What the endpoints use, and what runs beside them."""

    uploads: RemoteUploads
    fetcher: RemoteFetcher
    resolver: SystemResolver

    @classmethod
    def build(cls, settings: GatewaySettings, database: GatewayDatabase, files: FileServices) -> Self:
        """Wires them; nothing is started."""
        resolver = SystemResolver()
        source = RemoteSource(
            Guard(resolver, AddressPolicy(settings.remote_networks())),
            ports=settings.remote_ports(),
            pace=Pace(settings.upload_idle_seconds, settings.remote_upload_bytes_per_second),
        )
        limits = FetchLimits(
            at_once=settings.remote_uploads_at_once,
            seconds=settings.remote_upload_seconds,
            kept=timedelta(hours=settings.upload_expiry_hours),
        )
        fetcher = RemoteFetcher(source, database, files.maker, files.intake, files.slots, limits)
        return cls(RemoteUploads(settings, database, files.maker, fetcher), fetcher, resolver)

    async def run(self) -> None:
        """Fetch for as long as the process lives."""
        try:
            await self.fetcher.run()
        finally:
            self.resolver.close()
