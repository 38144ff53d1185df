"""The gateway's process: settings in, everything wired, served until it is told to stop."""

import asyncio
import resource
import socket
import sys

import uvicorn
from octavia_common.health import QuietServer
from octavia_common.service import ServiceRuntime
from starlette.types import ASGIApp

from octavia_gateway.app import build_app
from octavia_gateway.composition import compose
from octavia_gateway.connections import BoundedHead
from octavia_gateway.projection import wiring
from octavia_gateway.settings import GatewaySettings

SPARE_FILES = 4096
"""Files beside those of event streams: other requests, Kafka, the database, the store."""


def main() -> None:
    """Console script `octavia-gateway`."""
    settings = GatewaySettings()
    if not settings.jwt_secret.get_secret_value():
        sys.exit("JWT_SECRET is not set. Give every replica the same random text of at least 32 characters.")
    _allow_files(settings.sse_max_connections + SPARE_FILES)
    # Bound before anything is started, so that a taken port is told at once; it listens when all is ready.
    with _bind(settings.gateway_host, settings.gateway_port) as listener:
        asyncio.run(serve(settings, listener))


async def serve(settings: GatewaySettings, listener: socket.socket) -> None:
    """Run until SIGTERM or SIGINT."""
    runtime = ServiceRuntime("gateway", settings, schema="gateway")
    gateway = compose(settings, runtime.database, runtime.outbox, runtime.store)
    wiring.attach(runtime)
    for name, run in gateway.background().items():
        runtime.add_background(name, run)
    server = QuietServer(server_config(settings, build_app(gateway.resources, runtime.health)))
    try:
        async with runtime:
            serving = asyncio.create_task(server.serve([listener]), name="http")
            serving.add_done_callback(lambda _: runtime.stopping.set())
            try:
                await runtime.run()
            finally:
                # Streams first: uvicorn waits for open responses.
                gateway.streams.end_all()
                server.should_exit = True
                await serving
    finally:
        gateway.close()


def _allow_files(wanted: int) -> None:
    """Each open stream is an open file, and many systems begin with 1024; the hard limit stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        sys.exit(
            f"Cannot listen on port {port} of {host} ({error.strerror}). Choose another by GATEWAY_PORT."
        )
    return listener


def server_config(settings: GatewaySettings, app: ASGIApp) -> uvicorn.Config:
    """How the API is served. X-Forwarded-For counts where a trusted proxy sends it, and from nobody else."""
    return uvicorn.Config(
        app,
        lifespan="off",
        loop="none",
        http=BoundedHead,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_grace_seconds) - 5),
        backlog=4096,
    )


if __name__ == "__main__":
    main()
