"""Child processes that never outlive their parent."""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from octavia_local import guard
from octavia_local.errors import LocalError

_LOG_TAIL_LINES = 15
_LOG_TAIL_BYTES = 16_384


class _Guard:
    """This process's line to its `octavia_local.guard` (see there)."""

    def __init__(self) -> None:
        self.run_id = uuid.uuid4().hex
        self._process = subprocess.Popen(  # the guard must outlive a group-wide Ctrl-C: a session of its own
            [sys.executable, "-S", "-E", guard.__file__, self.run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, guard.RUN_ID_VARIABLE: "guard"},
            text=True,
        )
        atexit.register(self._close)

    def _tell(self, line: str) -> None:
        if self._process.stdin is None or self._process.poll() is not None:
            raise LocalError("The guard of this program's children was ended: start the program again.")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def watch(self, group: int) -> None:
        self._tell(f"+{group}")

    def forget(self, group: int) -> None:
        with contextlib.suppress(LocalError, OSError):
            self._tell(f"-{group}")

    def _close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)


_guard: _Guard | None = None


def _the_guard() -> _Guard:
    global _guard
    if _guard is None:
        _guard = _Guard()
    return _guard


class Process:
    """One child in a process group of its own.

    Its output is appended to `log`, or goes to this process's own terminal where `log` is None; with
    `output`, standard output goes into that file instead. The terminal's Ctrl-C does not reach it: whoever
    started it decides when it ends, and if the starter is killed, it ends too.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        log: Path | None = None,
        output: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self._output = output
        self._environment = dict(os.environ if environment is None else environment)
        self._directory = directory
        self._popen: subprocess.Popen[bytes] | None = None
        self._run_id = ""

    def start(self) -> None:
        """Start it, or do nothing where it already runs.

        Raises:
            LocalError: the program is not there or cannot be executed.
        """
        if self.running:
            return
        self._clear_away()
        watcher = _the_guard()
        self._run_id = f"{watcher.run_id}/{uuid.uuid4().hex}"
        environment = {**self._environment, guard.RUN_ID_VARIABLE: self._run_id}
        with contextlib.ExitStack() as stack:
            both = None
            if self.log is not None:
                self.log.parent.mkdir(parents=True, exist_ok=True)
                both = stack.enter_context(self.log.open("ab"))
            output = both if self._output is None else stack.enter_context(self._output.open("wb"))
            try:
                self._popen = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=both,
                    cwd=self._directory,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise LocalError(
                    f"Cannot start {self.name} ({self.command[0]}: {error.strerror}): run `make setup`."
                ) from None
        watcher.watch(self._popen.pid)

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            LocalError: it was never started.
        """
        if self._popen is None:
            raise LocalError(f"{self.name} has not been started.")
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for the signal that ended it; None while it runs."""
        return None if self._popen is None else self._popen.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process (not to its group); nothing happens where it has ended."""
        if self.running:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; whether it has ended."""
        if self._popen is None:
            return True
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, grace: float = 15.0, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, then kill what is left of it and its group after `grace` seconds."""
        if self._popen is None:
            return
        self.send(number)
        self.wait(grace)
        self.kill()

    def kill(self) -> None:
        """SIGKILL for it and all that it started, at once."""
        if self._popen is None:
            return
        if self.running:
            guard.kill_tree(self._popen.pid)
            self._popen.wait()
        self._clear_away()

    def _clear_away(self) -> None:
        """Once it has ended: kill what it left behind, in its group or in sessions of their own."""
        if self._popen is None or not self._run_id:
            return
        if not Path(f"/proc/{self.pid}").exists():  # else the id is already another process's
            guard.kill_group(self.pid)
        guard.kill_each(guard.carriers(self._run_id))
        _the_guard().forget(self.pid)
        self._run_id = ""

    def log_tail(self) -> str:
        """The last lines that it wrote."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as stream:
            stream.seek(max(0, self.log.stat().st_size - _LOG_TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-_LOG_TAIL_LINES:])


def stop_all(processes: Sequence[Process], grace: float = 15.0) -> None:
    """Stop several at the same time: SIGTERM to each, one shared grace period in seconds, then SIGKILL."""
    for process in processes:
        process.send(signal.SIGTERM)
    deadline = time.monotonic() + grace
    for process in processes:
        process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        process.kill()
