"""`make up`, `make down`, `make logs`: the same stack without a terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from octavia_local import engines
from octavia_local.errors import LocalError
from octavia_local.layout import Layout

SERVE = (sys.executable, "-m", "octavia_local", "serve")

_START_SECONDS = 120.0  # for the servers, before the services start
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.1


def up(layout: Layout, command: Sequence[str] = SERVE) -> str:
    """Start the stack in the background and wait until it is ready; the gateway's address.

    Args:
        command: the launcher that serves in the foreground.

    Raises:
        LocalError: it already runs, or did not become ready; with the end of its log.
    """
    running = launcher_pid(layout)
    if running is not None:
        raise LocalError(f"Octavia already runs (process {running}): stop it with `make down`.")
    layout.logs.mkdir(parents=True, exist_ok=True)
    log = layout.logs / "launcher.log"
    layout.ready_file.unlink(missing_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "OCTAVIA_STATE": str(layout.state)},
        )
    start_seconds = engines.start_seconds(os.environ) + _START_SECONDS
    deadline = time.monotonic() + start_seconds
    while not layout.ready_file.exists():
        if process.poll() is not None:
            raise LocalError(_why(log))
        if time.monotonic() > deadline:
            process.terminate()
            raise LocalError(f"Octavia is not ready after {start_seconds:.0f} s: see {log}")
        time.sleep(_POLL_SECONDS)
    return layout.ready_file.read_text()


def down(layout: Layout) -> bool:
    """Stop the stack; whether there was one.

    Raises:
        LocalError: it did not end.
    """
    pid = launcher_pid(layout)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while launcher_pid(layout) == pid:
        if time.monotonic() > deadline:
            raise LocalError(f"Process {pid} has not ended after {_STOP_SECONDS:.0f} s: kill -9 {pid}")
        time.sleep(_POLL_SECONDS)
    return True


def follow_logs(layout: Layout) -> None:
    """Show what servers and services write, until Ctrl-C.

    Raises:
        LocalError: nothing has been started here yet.
    """
    files = [*sorted(layout.logs.glob("*.log")), *sorted(layout.data.glob("*/server.log"))]
    if not files:
        raise LocalError("There are no logs yet: start with `make run` or `make up`.")
    os.execvp("tail", ["tail", "-n", "5", "-F", *map(str, files)])


def launcher_pid(layout: Layout) -> int | None:
    """The launcher that holds this state directory, or None.

    The kernel knows who holds the lock; the number in the file may be an old one's.
    """
    if not layout.pid_file.exists():
        return None
    text = layout.pid_file.read_text().strip()
    if not text.isdigit():
        return None
    status = layout.pid_file.stat()
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in Path("/proc/locks").read_text().splitlines():
        if " FLOCK " in line and f" {place} " in line and f" {text} " in line:
            return int(text)
    return None


def _why(log: Path) -> str:
    lines = [line for line in log.read_text().splitlines() if not line.startswith("[")]
    return "\n".join(lines) or f"Octavia did not start: see {log}"
