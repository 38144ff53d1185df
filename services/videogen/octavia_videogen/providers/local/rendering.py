"""Draws a clip with ffmpeg, in the sandbox, and tells how far it is."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from octavia_common.cancellation import CancelToken
from octavia_common.media import MediaKind, ToolLimits, run_tool, safe_input

from octavia_videogen.providers.local.drawing import PLACEHOLDER, Drawing

LOOK_SECONDS = 0.4
MEDIA_TYPE = "video/mp4"
VERSION = "1"
"""Raised where the same prompt gives other bytes; part of nothing but the clip's own metadata and logs."""

_FRAME = re.compile(rb"^frame=\s*(\d+)", re.MULTILINE)

Report = Callable[[float], Awaitable[None]]
"""Is told how far a clip is, 0 to 100."""


def limits_for(drawing: Drawing) -> ToolLimits:
    """Room for a clip of this length on a slow machine, and no end of it."""
    return ToolLimits(seconds=120 + 60 * drawing.seconds, file_bytes=32 * 1024 * 1024 * drawing.seconds)


async def render(
    drawing: Drawing, picture: Path | None, scratch: Path, cancel: CancelToken, report: Report
) -> Path:
    """The finished clip, in `scratch`, an empty folder.

    Raises what `run_tool` raises; JobCancelledError once `cancel` is cancelled.
    """
    await asyncio.to_thread((scratch / "text").write_text, drawing.text, encoding="utf-8")
    clip, said = scratch / "clip.mp4", scratch / "progress"
    watching = asyncio.create_task(_watch(said, drawing.frames, report))
    try:
        await run_tool(_command(drawing, picture, clip), limits=limits_for(drawing), cancel=cancel,
                       stdout=said, cwd=scratch)  # fmt: skip
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return clip


def _command(drawing: Drawing, picture: Path | None, clip: Path) -> list[str]:
    if picture is None:
        source = ["-f", "lavfi", "-i", drawing.filters]
        graph = []
    else:
        source = safe_input(picture, MediaKind.IMAGE)
        graph = ["-vf", drawing.filters]
    return [
        *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"),
        *("-progress", "pipe:1", "-stats_period", "0.2"),
        *source, *graph,
        *("-frames:v", str(drawing.frames), "-an", "-map_metadata", "-1"),
        *("-metadata", f"comment={PLACEHOLDER}", "-metadata", "artist=Octavia local renderer"),
        # The same bytes for the same drawing: a set number of threads, no program versions.
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-threads", "2"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact"),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{clip}"),
    ]  # fmt: skip


async def _watch(said: Path, frames: int, report: Report) -> None:
    """Report the figure of the last whole report that ffmpeg wrote."""
    told = -1.0
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        text = await asyncio.to_thread(_tail, said)
        found = _FRAME.findall(text)
        if not found:
            continue
        figure = min(100.0, 100.0 * int(found[-1]) / frames)
        if figure > told:
            told = figure
            await report(figure)


def _tail(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            return file.read()
    except FileNotFoundError:
        return b""
