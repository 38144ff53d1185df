"""Programs that read what strangers send: bounded in time and memory, without network, killed when
nobody wants them.

The bounds are put on by util-linux's `unshare`, `setpriv` and `prlimit`, which replace themselves by
the program: no code of ours runs between fork and exec, and no process is left in between.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, PermanentError, TransientError
from octavia_common.together import together

log = structlog.get_logger(__name__)

GIB = 1024**3
STDERR_TAIL_BYTES = 16 * 1024
_PIECE = 64 * 1024
_REAP_SECONDS = 10.0
_CPU_GRACE_SECONDS = 5


class SandboxSettings(BaseSettings):
    """Settings of the sandbox, for every service that runs programs."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    tool_isolation: Literal["auto", "require", "off"] = Field(
        "auto",
        description="Whether media programs run without network: where the kernel permits it, always (a "
        "service that cannot refuses to work), or never.",
    )


@dataclass(frozen=True)
class ToolLimits:
    """What a program may use.

    `seconds` is wall time, `cpu_seconds` time on all cores together (`seconds` on each, by default),
    `memory_bytes` address space, `data_bytes` memory of its own (RLIMIT_DATA: code and mapped files do not
    count), `file_bytes` the size of each file it writes, `output_bytes` what it may
    say on standard output where that is kept in memory.
    """

    seconds: float = 1800.0
    cpu_seconds: int | None = None
    memory_bytes: int = 4 * GIB
    data_bytes: int = 2 * GIB
    file_bytes: int = 64 * GIB
    open_files: int = 256
    output_bytes: int = 64 * 1024 * 1024

    def prlimit(self) -> list[str]:
        """The options of `prlimit` for these."""
        cpu = self.cpu_seconds or int(self.seconds * (os.cpu_count() or 1)) + 1
        return [
            f"--as={self.memory_bytes}",
            f"--data={self.data_bytes}",
            f"--cpu={cpu}:{cpu + _CPU_GRACE_SECONDS}",
            f"--fsize={self.file_bytes}",
            f"--nofile={self.open_files}",
            "--core=0",
        ]


@dataclass(frozen=True)
class ToolResult:
    """How a program ended: its standard output (empty where it went to a file), and the end of what it
    said on standard error."""

    stdout: bytes
    stderr: str


class ToolFailedError(PermanentError):
    """A program ended with an error; `stderr` is the end of what it said."""

    code = "tool_failed"

    def __init__(self, program: str, returncode: int, stderr: str) -> None:
        super().__init__(
            f"{program} could not process this file; it may be damaged. "
            "Please convert it to an ordinary MP4 and upload it again.",
            program=program,
            returncode=returncode,
            stderr=stderr[-2000:],
        )
        self.program = program
        self.returncode = returncode
        self.stderr = stderr


class ToolTimeoutError(ToolFailedError):
    """A program took longer than it may, and was killed."""

    code = "tool_timeout"


class ToolOutputError(ToolFailedError):
    """A program said more than it may, and was killed."""

    code = "tool_output"


class ToolKilledError(TransientError):
    """Somebody else killed the program, most often the machine, for memory; or its disk is full."""

    code = "tool_killed"


async def run_tool(
    argv: Sequence[str],
    *,
    limits: ToolLimits | None = None,
    cancel: CancelToken | None = None,
    stdin: bytes | int | None = None,
    stdout: Path | int | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> ToolResult:
    """Run a program to its end and return what it said.

    It gets no network, none of this process's environment but PATH and what `env` adds, a session of its
    own, and `limits`. Standard output goes to the file `stdout` where that is given; `stdin` is what it
    reads; either may be an open descriptor (the caller closes it). Raises
    JobCancelledError once `cancel` is cancelled, ToolTimeoutError, ToolOutputError, ToolFailedError where
    it does not exit with 0, ToolKilledError, EngineUnavailableError where it is not installed. Whatever
    happens, no process is left when this returns.
    """
    limits = limits or ToolLimits()
    if cancel is not None:
        cancel.raise_if_cancelled()
    command = await asyncio.to_thread(_confined, argv, limits)
    target = await asyncio.to_thread(stdout.open, "wb") if isinstance(stdout, Path) else None
    try:
        process = await _started(
            command,
            stdin=PIPE if isinstance(stdin, bytes) else subprocess.DEVNULL if stdin is None else stdin,
            stdout=PIPE if stdout is None else stdout if isinstance(stdout, int) else target,
            stderr=PIPE,
            cwd=cwd,
            env=_environment(env),
            start_new_session=True,
        )
    finally:
        if target is not None:
            target.close()
    try:
        return await _finish(process, argv[0], limits, cancel, stdin if isinstance(stdin, bytes) else None)
    finally:
        await _end(process)


async def _started(command: Sequence[str], **options: Any) -> Process:
    """The program, running. Whoever is cancelled meanwhile first waits until it has started and ends it:
    asyncio would kill the program alone, not its children, and wait for their pipes for as long as they live
    (BaseSubprocessTransport, Python 3.11: pipes not yet connected are never closed)."""
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, **options))
    cancelled = False
    while not starting.done():
        try:
            await asyncio.wait([starting])
        except asyncio.CancelledError:
            cancelled = True
    process = starting.result()
    if cancelled:
        await _end(process)
        raise asyncio.CancelledError
    return process


async def _finish(
    process: Process, program: str, limits: ToolLimits, cancel: CancelToken | None, stdin: bytes | None
) -> ToolResult:
    """Take in what the process says until it ends, it may no longer, or nobody wants it."""
    talk = asyncio.ensure_future(_communicate(process, program, limits, stdin))
    watch = asyncio.ensure_future(cancel.wait()) if cancel is not None else None
    waiting: set[asyncio.Future[object]] = {talk} if watch is None else {talk, watch}  # type: ignore[arg-type]
    try:
        done, _ = await asyncio.wait(waiting, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        if talk in done:
            said, complaint = talk.result()
        elif cancel is not None and watch in done:
            cancel.raise_if_cancelled()
            raise AssertionError("unreachable: the token is cancelled")
        else:
            raise ToolTimeoutError(program, -signal.SIGKILL, f"killed after {limits.seconds:g} s")
    finally:
        for task in (talk, watch):
            if task is not None and not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    code = await process.wait()
    if code == 0:
        return ToolResult(said, complaint)
    if code == -signal.SIGXCPU:
        raise ToolTimeoutError(program, code, complaint)
    if code == -signal.SIGKILL:
        raise ToolKilledError(
            f"{program} was killed by the machine, most likely for memory.", program=program
        )
    if "No space left on device" in complaint:
        raise ToolKilledError("The disk for temporary files is full; free some space.", program=program)
    raise ToolFailedError(program, code, complaint)


async def _communicate(
    process: Process, program: str, limits: ToolLimits, stdin: bytes | None
) -> tuple[bytes, str]:
    """Feed and drain all pipes together; returns standard output and the end of standard error."""
    said, complaint = bytearray(), bytearray()

    async def feed() -> None:
        if process.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError):
                process.stdin.write(stdin or b"")
                await process.stdin.drain()
            process.stdin.close()

    async def listen() -> None:
        while process.stdout is not None and (piece := await process.stdout.read(_PIECE)):
            said.extend(piece)
            if len(said) > limits.output_bytes:
                raise ToolOutputError(
                    program, -signal.SIGKILL, f"more than {limits.output_bytes} bytes of output"
                )

    async def note() -> None:
        while process.stderr is not None and (piece := await process.stderr.read(_PIECE)):
            complaint.extend(piece)
            del complaint[:-STDERR_TAIL_BYTES]

    await together(feed(), listen(), note())
    await process.wait()
    return bytes(said), complaint.decode(errors="replace")


async def _end(process: Process) -> None:
    """Kill whatever is left of the process's session, and reap it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio counts a process as ended only when its pipes are empty too. They are small, and nobody
    # writes to them any more, save a grandchild that left the session: it is not waited for.
    with suppress(TimeoutError):
        await asyncio.shield(asyncio.wait_for(process.communicate(), _REAP_SECONDS))


def _confined(argv: Sequence[str], limits: ToolLimits) -> list[str]:
    program = shutil.which(argv[0])
    if program is None:
        raise EngineUnavailableError(f"The program {argv[0]} is not installed.", program=argv[0])
    return [
        *_isolation(SandboxSettings().tool_isolation),
        # The kernel kills it when this process dies, however that happens.
        *("setpriv", "--pdeathsig", "KILL", "--no-new-privs"),
        *("prlimit", *limits.prlimit()),
        program,
        *argv[1:],
    ]


@lru_cache(maxsize=3)
def _isolation(mode: Literal["auto", "require", "off"]) -> tuple[str, ...]:
    """How to leave the network behind here: tried out once a process."""
    if mode == "off":
        return ()
    for way in (("unshare", "--net"), ("unshare", "--user", "--map-current-user", "--net")):
        tried = subprocess.run([*way, "true"], capture_output=True, check=False, timeout=10)
        if tried.returncode == 0:
            return way
    if mode == "require":
        raise EngineUnavailableError(
            "Media programs cannot be cut off from the network here: permit user namespaces, "
            "or set TOOL_ISOLATION to auto."
        )
    log.warning("sandbox.network_not_isolated", reason="the kernel permits no network namespace here")
    return ()


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Without our secrets."""
    basis = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    return basis | dict(extra or {})
