"""The simulator as a server on a socket: of a process of its own, or of a thread of a test."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette

from octavia_simulator.clips import Clips
from octavia_simulator.control import Control
from octavia_simulator.faults import CuttableProtocol
from octavia_simulator.kie import Kie
from octavia_simulator.openai_videos import OpenAIVideos
from octavia_simulator.provider import Provider, Settings
from octavia_simulator.results import Results
from octavia_simulator.sender import Sender

_START_SECONDS = 30.0


def build_app(settings: Settings) -> Starlette:
    """The application: both shapes, the results, and the control of it all."""
    sender = Sender(settings.url, settings.webhook_key)
    provider = Provider(settings, sender)
    results = Results(provider, Clips())
    kie = Kie(provider)
    openai_videos = OpenAIVideos(provider, results)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await provider.close()
        await kie.close()
        await sender.close()

    parts = (kie, openai_videos, results, Control(provider, sender))
    return Starlette(routes=[route for part in parts for route in part.routes()], lifespan=lifespan)


def listen(host: str, port: int) -> socket.socket:
    """A socket to listen on; port 0 takes a free one. Raises OSError where it is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket) -> str:
    """The base URL of a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _ThreadServer(uvicorn.Server):
    """Signals belong to the main thread."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave them alone."""
        yield


def make_server(settings: Settings, kind: type[uvicorn.Server] = uvicorn.Server) -> uvicorn.Server:
    """A server, not started."""
    return kind(
        uvicorn.Config(
            build_app(settings),
            http=CuttableProtocol,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,  # an order may keep an answer back for minutes
        )
    )


@contextmanager
def running(settings: Settings | None = None) -> Iterator[str]:
    """A simulator in a thread, for tests: its address (`settings.url` is filled in).

    Raises:
        RuntimeError: it does not start within 30 s.
    """
    with listen("127.0.0.1", 0) as listener:
        url = address(listener)
        server = make_server(replace(settings or Settings(url), url=url), _ThreadServer)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve([listener])), name="simulator", daemon=True
        )
        thread.start()
        try:
            _wait_for(server, thread)
            yield url
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    waited = 0.0
    while not server.started:
        if waited > _START_SECONDS or not thread.is_alive():
            raise RuntimeError("the simulator does not start")
        thread.join(0.01)
        waited += 0.01
