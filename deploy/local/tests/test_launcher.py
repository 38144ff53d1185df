"""The launcher as a person uses it: started as a program, stopped by signals, refused with one line."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from octavia_local.background import down, launcher_pid, up
from octavia_local.errors import LocalError
from octavia_local.guard import descendants
from octavia_local.layout import Layout, repository_root
from octavia_local.ports import LOOPBACK, free_port, is_free

pytestmark = pytest.mark.integration

FAKE_STACK = Path(__file__).with_name("fake_stack.py")


class FakeStack:
    """fake_stack.py as a child process, in a state directory of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.listener = socket.create_server((LOOPBACK, 0))
        self.ports = {
            name: str(free_port()) for name in ("S3_PORT", "HEALTH_BASE_PORT", "KAFKA_PORT", "POSTGRES_PORT")
        }
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, **settings: str) -> subprocess.Popen[str]:
        listening = {"LISTENING_PORT": str(self.listener.getsockname()[1])}
        process = subprocess.Popen(
            [sys.executable, str(FAKE_STACK), str(repository_root()), str(self.state)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **listening, **self.ports, **settings},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    @property
    def ready(self) -> bool:
        return Layout(repository_root(), self.state).ready_file.exists()

    def service_pids(self) -> list[list[int]]:
        """Service and its engine, one pair for every time it was started."""
        file = self.state / "pids"
        lines = file.read_text().splitlines() if file.exists() else []
        return [[int(part) for part in line.split()] for line in lines]

    def close(self) -> None:
        self.listener.close()
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def stack(server_directory: Path) -> Iterator[FakeStack]:
    fake = FakeStack(server_directory)
    yield fake
    fake.close()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def named(pid: int) -> str:
    """Its program's name; empty where it has ended since it was listed."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left(stack: FakeStack, number: signal.Signals) -> None:
    launcher = stack.start()
    assert until(lambda: stack.ready), launcher.communicate(timeout=1)
    everything = [*descendants(launcher.pid), *stack.service_pids()[0]]
    assert len(set(everything)) >= 4  # guard, S3, service, engine
    launcher.send_signal(number)
    launcher.communicate(timeout=30)
    assert until(lambda: not any(alive(pid) for pid in everything), 10)
    assert until(lambda: is_free(int(stack.ports["S3_PORT"])), 5)


def test_starts_again_after_kill(stack: FakeStack) -> None:
    first = stack.start()
    assert until(lambda: stack.ready)
    secrets = (stack.state / "secrets.env").read_text()
    first.kill()
    first.communicate()
    until(lambda: is_free(int(stack.ports["S3_PORT"])), 10)
    second = stack.start()
    assert until(lambda: stack.ready and len(stack.service_pids()) == 2)
    assert (stack.state / "secrets.env").read_text() == secrets
    second.send_signal(signal.SIGINT)
    output, _ = second.communicate(timeout=30)
    assert "Ready" in output
    assert not stack.ready


def test_secrets_are_only_their_owners(stack: FakeStack) -> None:
    stack.start()
    assert until(lambda: stack.ready)
    for path in (stack.state / "secrets.env", stack.state / "data" / "s3" / "s3proxy.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_service_that_dies_is_started_again(stack: FakeStack) -> None:
    launcher = stack.start()
    assert until(lambda: stack.ready)
    service, engine = stack.service_pids()[0]
    os.kill(service, signal.SIGKILL)
    assert until(lambda: len(stack.service_pids()) == 2)
    assert not alive(engine)
    launcher.send_signal(signal.SIGINT)
    output, _ = launcher.communicate(timeout=30)
    assert "translator ended (status -9); it starts again" in output
    assert not any(alive(pid) for pair in stack.service_pids() for pid in pair)


def test_a_server_that_dies_is_started_again(stack: FakeStack) -> None:
    launcher = stack.start()
    assert until(lambda: stack.ready)

    def java() -> list[int]:
        return [pid for pid in descendants(launcher.pid) if named(pid) == "java"]

    (first,) = java()
    os.kill(first, signal.SIGKILL)
    assert until(lambda: bool(java()) and java() != [first] and not is_free(int(stack.ports["S3_PORT"])))
    launcher.send_signal(signal.SIGINT)
    output, _ = launcher.communicate(timeout=30)
    assert "S3 ended; starting it again" in output


def test_a_second_launcher_is_refused(stack: FakeStack) -> None:
    first = stack.start()
    assert until(lambda: stack.ready)
    second = stack.start()
    _, complaint = second.communicate(timeout=30)
    assert second.returncode == 1
    assert complaint.strip() == f"Octavia already runs (process {first.pid}): stop it with `make down`."
    assert first.poll() is None


def test_taken_port_is_refused_before_anything_starts(stack: FakeStack) -> None:
    with socket.socket() as other:
        port = int(stack.ports["HEALTH_BASE_PORT"]) + 60  # the translator's
        other.bind((LOOPBACK, port))
        other.listen()
        launcher = stack.start()
        _, complaint = launcher.communicate(timeout=30)
    assert launcher.returncode == 1
    assert len(complaint.splitlines()) == 1
    assert f"Port {port} of the translator's health is taken" in complaint
    assert "HEALTH_BASE_PORT" in complaint
    assert not (stack.state / "data").exists()


def test_too_little_disk_is_one_line(stack: FakeStack) -> None:
    launcher = stack.start(MIN_FREE_DISK_GIB="10000")
    _, complaint = launcher.communicate(timeout=30)
    assert launcher.returncode == 1
    assert len(complaint.splitlines()) == 1
    assert complaint.startswith("Too little disk: ")


def test_a_preparation_that_fails_leaves_nothing(stack: FakeStack) -> None:
    launcher = stack.start(PREPARATION="3")
    _, complaint = launcher.communicate(timeout=30)
    assert launcher.returncode == 1
    assert complaint.startswith("Preparing failed")
    assert is_free(int(stack.ports["S3_PORT"]))


def test_up_and_down(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**stack.ports, "LISTENING_PORT": str(stack.listener.getsockname()[1])}.items():
        monkeypatch.setenv(name, value)
    layout = Layout(repository_root(), stack.state)
    command = [sys.executable, str(FAKE_STACK), str(layout.root), str(layout.state)]
    assert down(layout) is False
    assert up(layout, command) == "http://127.0.0.1:8080"
    pid = launcher_pid(layout)
    assert pid is not None
    everything = [pid, *descendants(pid), *stack.service_pids()[0]]
    with pytest.raises(LocalError, match="already runs"):
        up(layout, command)
    assert down(layout) is True
    assert until(lambda: not any(alive(each) for each in everything), 10)
    assert launcher_pid(layout) is None


def test_up_says_why_it_cannot(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**stack.ports, "LISTENING_PORT": str(stack.listener.getsockname()[1])}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MIN_FREE_DISK_GIB", "10000")
    layout = Layout(repository_root(), stack.state)
    command = [sys.executable, str(FAKE_STACK), str(layout.root), str(layout.state)]
    with pytest.raises(LocalError, match=r"^Too little disk"):
        up(layout, command)
