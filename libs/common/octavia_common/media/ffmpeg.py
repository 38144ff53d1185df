"""ffmpeg and ffprobe in the sandbox."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octavia_common.cancellation import CancelToken
from octavia_common.media.errors import MediaTimeoutError, NotMediaError, PictureTooLargeError, media_error_of
from octavia_common.media.formats import MediaKind, input_options
from octavia_common.media.sandbox import (
    GIB,
    ToolFailedError,
    ToolLimits,
    ToolOutputError,
    ToolResult,
    ToolTimeoutError,
    run_tool,
)

MIB = 1024 * 1024

PROBE_LIMITS = ToolLimits(
    seconds=30, memory_bytes=2 * GIB, data_bytes=192 * MIB, file_bytes=0, output_bytes=8 * MIB
)
"""Of data an ordinary 8K video takes some 100 MiB; the program itself adds some 50 MiB to what it holds."""


def safe_input(path: Path, kind: MediaKind = MediaKind.VIDEO, *options: str) -> list[str]:
    """The arguments that open a file which a stranger sent; `options` (such as `-ss`) go before `-i`."""
    return [*input_options(kind), *options, "-i", f"file:{path}"]


async def ffmpeg(
    *arguments: str,
    limits: ToolLimits | None = None,
    cancel: CancelToken | None = None,
    stdin: bytes | int | None = None,
    stdout: Path | int | None = None,
    env: Mapping[str, str] | None = None,
) -> ToolResult:
    """Run ffmpeg (it overwrites its outputs and says only errors). `env` is added to its environment.

    Raises what `run_tool` raises, and a MediaError where ffmpeg's complaint is about its input.
    """
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments]
    try:
        return await run_tool(command, limits=limits, cancel=cancel, stdin=stdin, stdout=stdout, env=env)
    except ToolTimeoutError:
        raise
    except ToolFailedError as error:
        about_input = media_error_of(error.stderr)
        if about_input is None:
            raise
        raise about_input from error


async def ffprobe(
    path: Path,
    *options: str,
    kind: MediaKind = MediaKind.VIDEO,
    limits: ToolLimits = PROBE_LIMITS,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """What ffprobe finds in a file that a stranger sent, as its JSON.

    Raises a MediaError where it cannot be opened, and MediaTimeoutError where that takes too much.
    """
    command = [
        "ffprobe",
        "-hide_banner",
        "-loglevel",
        "error",
        "-of",
        "json",
        *options,
        *safe_input(path, kind),
    ]
    try:
        result = await run_tool(command, limits=limits, cancel=cancel)
    except ToolFailedError as error:
        too_much = isinstance(error, ToolTimeoutError | ToolOutputError) or error.returncode < 0
        raise (
            MediaTimeoutError() if too_much else media_error_of(error.stderr) or NotMediaError()
        ) from error
    # In a thread: a file full of tags makes some MB of it.
    found: dict[str, Any] = await asyncio.to_thread(json.loads, result.stdout)
    if any(stream.get("width") == 0 for stream in found.get("streams", [])):
        # A picture past the limit is passed over with a complaint and without a size, and exit code 0.
        complaint = media_error_of(result.stderr)
        if isinstance(complaint, PictureTooLargeError):
            raise complaint
    return found
