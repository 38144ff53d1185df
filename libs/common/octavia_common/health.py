"""Health and metrics of a service over HTTP: what Kubernetes probes and Prometheus reads."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], Awaitable[None]]


class Health:
    """`alive` says why the process should be restarted; `checks` say why it can't work just now."""

    def __init__(self) -> None:
        self.ready = False
        self.alive: list[Callable[[], str | None]] = []
        self.checks: dict[str, Check] = {}

    def troubles(self) -> list[str]:
        """Reasons to restart the process; none when it is well."""
        return [trouble for look in self.alive if (trouble := look()) is not None]

    async def unready(self) -> Mapping[str, str]:
        """Check → reason, for every check that does not pass within 5 s."""
        if not self.ready:
            return {"startup": "the service is still starting (or stopping)"}
        failed: dict[str, str] = {}
        for name, check in self.checks.items():
            try:
                await asyncio.wait_for(check(), 5)
            except Exception as error:  # noqa: BLE001 - whatever fails makes it unready
                failed[name] = str(error) or type(error).__name__
        return failed

    async def healthz(self, _: Request) -> Response:
        """200 while the process moves, else 503 with the reasons."""
        troubles = self.troubles()
        return JSONResponse(
            {"status": "stuck" if troubles else "ok", "troubles": troubles},
            status_code=503 if troubles else 200,
        )

    async def readyz(self, _: Request) -> Response:
        """200 when everything the service needs answers, else 503 with what does not."""
        failed = dict(await self.unready())
        return JSONResponse(
            {"status": "unready" if failed else "ready", "failed": failed}, status_code=503 if failed else 200
        )

    async def metrics(self, _: Request) -> Response:
        """All metrics of the process in Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    def routes(self) -> list[Route]:
        """The three routes, for the health server or a service's own application."""
        return [
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/metrics", self.metrics),
        ]


class QuietServer(uvicorn.Server):
    """Uvicorn inside a process that handles its signals itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the service."""
        yield


class HealthServer:
    """The running server of health and metrics."""

    def __init__(self, server: QuietServer, task: asyncio.Task[None]) -> None:
        self._server = server
        self._task = task

    async def close(self) -> None:
        """Stop answering."""
        self._server.should_exit = True
        await self._task


async def serve_health(health: Health, host: str, port: int) -> HealthServer:
    """Start answering in the background. Raises OSError where the address is taken."""
    server = QuietServer(
        uvicorn.Config(
            Starlette(routes=health.routes()),
            host=host,
            port=port,
            lifespan="off",
            log_config=None,
            access_log=False,
        )
    )
    task = asyncio.create_task(_serve(server, host, port))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    return HealthServer(server, task)


async def _serve(server: QuietServer, host: str, port: int) -> None:
    try:
        await server.serve()
    except SystemExit:  # uvicorn's way of saying that it cannot bind
        raise OSError(f"port {port} of {host} is taken; choose another with HEALTH_PORT") from None
