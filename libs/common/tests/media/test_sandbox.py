"""A program gets what it may use and no more, and never outlives its purpose."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, JobCancelledError
from octavia_common.media import ToolFailedError, ToolLimits, ToolOutputError, ToolTimeoutError, run_tool
from octavia_common.media import sandbox as module
from octavia_common.media.sandbox import ToolKilledError

PYTHON = sys.executable
MIB = 1024 * 1024


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until_dead(pid: int) -> None:
    while alive(pid):
        await asyncio.sleep(0.01)


async def until_written(path: Path) -> list[int]:
    while not (text := content(path)).endswith("\n"):
        await asyncio.sleep(0.01)
    return [int(word) for word in text.split()]


def content(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def family(pids: Path) -> list[str]:
    """A program that never ends and whose child never ends; writes both ids."""
    return ["sh", "-c", f'sleep 1000 & echo "$$ $!" > {pids}; wait']


async def test_what_it_says_comes_back() -> None:
    result = await run_tool(["sh", "-c", "cat; echo oops >&2"], stdin=b"x" * 300_000)
    assert result.stdout == b"x" * 300_000
    assert result.stderr == "oops\n"


async def test_standard_output_can_go_to_a_file(tmp_path: Path) -> None:
    result = await run_tool(["echo", "hello"], stdout=tmp_path / "out")
    assert result.stdout == b""
    assert (tmp_path / "out").read_text() == "hello\n"


async def test_a_failure_carries_the_end_of_its_complaint() -> None:
    with pytest.raises(ToolFailedError) as caught:
        await run_tool(["sh", "-c", "seq 100000 >&2; exit 3"])
    assert caught.value.returncode == 3
    assert caught.value.stderr.endswith("100000\n")
    assert len(caught.value.stderr) <= 16 * 1024


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(EngineUnavailableError, match="no-such-program"):
        await run_tool(["no-such-program"])


async def test_time_ends(tmp_path: Path) -> None:
    with pytest.raises(ToolTimeoutError):
        await run_tool(family(tmp_path / "pids"), limits=ToolLimits(seconds=0.5))
    for pid in await until_written(tmp_path / "pids"):
        await until_dead(pid)


async def test_processor_time_ends() -> None:
    with pytest.raises(ToolTimeoutError):
        await run_tool([PYTHON, "-c", "while True: pass"], limits=ToolLimits(seconds=60, cpu_seconds=1))


async def test_memory_ends() -> None:
    limits = ToolLimits(memory_bytes=256 * MIB)
    with pytest.raises(ToolFailedError, match="could not process") as caught:
        await run_tool([PYTHON, "-c", "bytearray(512 * 1024 * 1024)"], limits=limits)
    assert "MemoryError" in caught.value.stderr
    await run_tool([PYTHON, "-c", "bytearray(32 * 1024 * 1024)"], limits=limits)


async def test_files_end(tmp_path: Path) -> None:
    write = [PYTHON, "-c", "import sys; open(sys.argv[1], 'wb').write(bytes(2 << 20))", str(tmp_path / "f")]
    with pytest.raises(ToolFailedError):
        await run_tool(write, limits=ToolLimits(file_bytes=MIB))
    assert (tmp_path / "f").stat().st_size <= MIB


async def test_output_ends() -> None:
    with pytest.raises(ToolOutputError):
        await run_tool(["yes"], limits=ToolLimits(output_bytes=MIB))


async def test_it_dies_when_nobody_wants_it(tmp_path: Path) -> None:
    cancel = CancelToken()
    running = asyncio.create_task(run_tool(family(tmp_path / "pids"), cancel=cancel))
    pids = await until_written(tmp_path / "pids")
    cancel.cancel("its owner changed their mind")
    with pytest.raises(JobCancelledError):
        await running
    for pid in pids:
        await until_dead(pid)


async def test_it_dies_with_the_task_that_awaits_it(tmp_path: Path) -> None:
    running = asyncio.create_task(run_tool(family(tmp_path / "pids")))
    pids = await until_written(tmp_path / "pids")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in pids:
        await until_dead(pid)


async def test_it_dies_when_the_task_is_cancelled_while_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    connect = loop.connect_read_pipe

    async def cancelled_meanwhile(*pipe: Any) -> Any:
        await until_written(tmp_path / "pids")
        running.cancel()
        await asyncio.sleep(0.1)
        return await connect(*pipe)

    monkeypatch.setattr(loop, "connect_read_pipe", cancelled_meanwhile)
    running = asyncio.create_task(run_tool(family(tmp_path / "pids")))
    await asyncio.wait([running], timeout=10)
    assert running.cancelled()
    for pid in await until_written(tmp_path / "pids"):
        await until_dead(pid)


async def test_it_dies_with_the_service(tmp_path: Path) -> None:
    code = (
        "import asyncio; from octavia_common.media import run_tool;"
        f"asyncio.run(run_tool(['sh', '-c', 'echo $$ > {tmp_path}/pid; exec sleep 1000']))"
    )
    service = await asyncio.create_subprocess_exec(PYTHON, "-c", code)
    [pid] = await until_written(tmp_path / "pid")
    assert alive(pid)
    service.kill()
    await service.wait()
    await until_dead(pid)


async def test_a_kill_by_the_machine_is_worth_another_try() -> None:
    with pytest.raises(ToolKilledError) as caught:
        await run_tool(["sh", "-c", "kill -KILL $$"])
    assert caught.value.transient


async def test_our_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET_KEY", "do-not-tell")
    result = await run_tool(["env"], env={"ESPEAK_DATA_PATH": "/data"})
    assert b"do-not-tell" not in result.stdout
    assert b"ESPEAK_DATA_PATH=/data" in result.stdout


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


async def test_there_is_no_network(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = [PYTHON, "-c", f"import socket; socket.create_connection(('127.0.0.1', {server}), 5)"]
    monkeypatch.setenv("TOOL_ISOLATION", "off")
    await run_tool(connect)
    monkeypatch.setenv("TOOL_ISOLATION", "require")
    # Where the kernel permits no isolation, requiring it refuses to run anything at all.
    with pytest.raises((ToolFailedError, EngineUnavailableError)):
        await run_tool(connect)


async def test_isolation_that_is_required_and_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOL_ISOLATION", "require")
    monkeypatch.setattr(
        module.subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, returncode=1)
    )
    module._isolation.cache_clear()
    try:
        with pytest.raises(EngineUnavailableError, match="TOOL_ISOLATION"):
            await run_tool(["true"])
        monkeypatch.setenv("TOOL_ISOLATION", "auto")
        await run_tool(["true"])
    finally:
        module._isolation.cache_clear()


async def test_many_at_once() -> None:
    results = await asyncio.gather(*(run_tool(["echo", str(n)]) for n in range(20)))
    assert [int(result.stdout) for result in results] == list(range(20))
