"""The two servers of streams that are compared: the gateway, and FastAPI's `EventSourceResponse`."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from octavia_gateway.auth.tokens import AccessClaims
from octavia_local.errors import LocalError
from octavia_local.own_servers import OwnServers
from octavia_local.platform import Platform
from octavia_local.ports import LOOPBACK, free_port
from octavia_local.processes import Process
from octavia_local.settings import SERVICES

from octavia_benchmarks.live.accounts import baseline_requests, stream_requests
from octavia_benchmarks.stack import make_platform

GATEWAY = "gateway"

NOBODY_ELSE = {name: 0 for name in SERVICES if name != "gateway"}
"""Workers of the other services: none of them has a part in it."""


@dataclass(frozen=True)
class StreamServer:
    """A process that serves streams, and how to ask it for one."""

    name: str
    pid: int
    port: int
    secret: str | None

    def requests(self, accounts: Sequence[AccessClaims]) -> list[str]:
        """One request for each account's stream."""
        if self.secret is not None:
            return stream_requests(self.secret, accounts)
        return baseline_requests([account.user_id for account in accounts])


SECRET = "of a gateway that lives as long as a benchmark"  # noqa: S105


def gateway_platform(on: OwnServers, streams: int) -> Platform:
    """A gateway alone, which lets one user open `streams` streams; to be entered."""
    settings = {"JWT_SECRET": SECRET, "SSE_MAX_STREAMS_PER_USER": str(streams + 1000)}
    return make_platform(on, settings, workers=NOBODY_ELSE)


def gateway_of(platform: Platform) -> StreamServer:
    """The gateway of a platform that runs."""
    return StreamServer(
        GATEWAY, platform.services["gateway"][0].process.pid, platform.gateway_ports[0], SECRET
    )


@contextlib.asynccontextmanager
async def baseline(on: OwnServers) -> AsyncIterator[StreamServer]:
    """FastAPI's own streams. Raises LocalError where they do not start."""
    port = free_port()
    process = Process(
        "fastapi",
        [sys.executable, "-m", "octavia_benchmarks.live.fastapi_streams"],
        environment={**os.environ, "DATABASE_URL": on.postgres.address, "PORT": str(port)},
        log=on.directory / "logs" / "fastapi.log",
    )
    process.start()
    try:
        await _until_listening(process, port)
        yield StreamServer("fastapi", process.pid, port, None)
    finally:
        process.kill()


async def _until_listening(process: Process, port: int) -> None:
    for _ in range(300):
        if not process.running:
            break
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise LocalError(f"the baseline does not start: see {process.log}")


def users_of(accounts: Sequence[AccessClaims]) -> list[UUID]:
    """Their ids."""
    return [account.user_id for account in accounts]
