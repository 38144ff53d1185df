"""A gateway in miniature on a real socket, as strict about the protocol as the real one, and its client."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from .miniature import Miniature


@dataclass
class Client:
    """Runs `octavia` in this process against the miniature."""

    server: str
    home: Path

    def __call__(self, *arguments: str, stdin: str | None = None, server: str | None = None) -> Result:
        from octavia_cli.main import app

        environment = {"OCTAVIA_SERVER": server or self.server}
        return CliRunner().invoke(app, list(arguments), input=stdin, env=environment)


@pytest.fixture
def gateway() -> Iterator[Miniature]:
    """A fresh server for each test."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    miniature = Miniature(f"http://127.0.0.1:{listening.getsockname()[1]}")
    server = uvicorn.Server(
        uvicorn.Config(miniature.app(), log_level="critical", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    yield miniature
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No session, key or locale of whoever runs the tests."""
    for name in (
        "OCTAVIA_API_KEY",
        "OCTAVIA_TOKEN",
        "OCTAVIA_SERVER",
        "OCTAVIA_URL",
        "LC_ALL",
        "LC_MESSAGES",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def octavia(gateway: Miniature, tmp_path: Path) -> Client:
    """Nobody is signed in."""
    return Client(gateway.address, tmp_path)


@pytest.fixture
def signed_in(octavia: Client) -> Client:
    """Somebody is."""
    result = octavia("register", "ada@example.org", "--password-stdin", stdin="correct horse\n")
    assert result.exit_code == 0, result.output
    return octavia


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Something to upload; the miniature does not look inside."""
    path = tmp_path / "videos" / "talk.mp4"
    path.parent.mkdir()
    path.write_bytes(b"a video, of a kind" * 100)
    return path
