"""A simulator of one's own on a real socket, a client of it, and a receiver of its call-backs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from octavia_simulator.client import SimulatorControl
from octavia_simulator.provider import Settings
from octavia_simulator.server import running

WEBHOOK_KEY = "a key of web hooks"
API_KEY = "a key of the account"


@dataclass
class Received:
    """One call-back that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The record in it."""
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data


@dataclass
class Receiver:
    """Where call-backs arrive; answers each with the next of `statuses`, then 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, number: int, seconds: float = 20.0) -> list[Received]:
        """Until so many have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= number, seconds), self.received
            return list(self.received)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes call-backs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with receiver.arrived:
                receiver.received.append(Received(self.path, dict(self.headers), body))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver.arrived.notify_all()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def _simulator_url() -> Iterator[str]:
    with running(Settings("", api_key=API_KEY, webhook_key=WEBHOOK_KEY, seconds=0.4)) as url:
        yield url


@pytest.fixture
def control(_simulator_url: str) -> Iterator[SimulatorControl]:
    """The control of a simulator that remembers nothing."""
    with SimulatorControl(_simulator_url) as control:
        control.reset()
        yield control


@pytest.fixture
def http(control: SimulatorControl) -> Iterator[httpx.Client]:
    """A client with the account's key."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=control.url, headers=headers, timeout=20.0, trust_env=False) as client:
        yield client
