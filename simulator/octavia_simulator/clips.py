"""The clips that tasks end with: real H.264, of the size and length that was asked for, drawn by ffmpeg."""

import asyncio
import struct
import tempfile
from pathlib import Path

_SHORT_SIDE = 240
_SECONDS_TO_DRAW = 120.0


class ClipError(RuntimeError):
    """ffmpeg is missing or failed; the message carries what it said."""


class Clips:
    """Draws each size and length once, and puts a task's name into its copy, so that no two are the same."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[int, int, int], bytes] = {}
        self._lock = asyncio.Lock()

    async def clip(self, task_id: str, width: int, height: int, seconds: int) -> bytes:
        """The clip of a task, scaled down to a short side of 240. Raises ClipError."""
        shrink = max(1.0, min(width, height) / _SHORT_SIDE)
        key = (_even(width / shrink), _even(height / shrink), seconds)
        async with self._lock:
            if key not in self._drawn:
                self._drawn[key] = await _draw(*key)
        return self._drawn[key] + _free_box(task_id.encode())


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def _free_box(content: bytes) -> bytes:
    """A box of MP4 that every reader passes over (ISO/IEC 14496-12, 8.1.2)."""
    return struct.pack(">I4s", 8 + len(content), b"free") + content


async def _draw(width: int, height: int, seconds: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        source = f"testsrc2=size={width}x{height}:rate=24:duration={seconds}"
        options = [
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            "-movflags",
            "+faststart",
        ]
        command = ["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)]
        try:
            process = await asyncio.create_subprocess_exec(
                "ffmpeg", *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
        except FileNotFoundError:
            raise ClipError("ffmpeg is not installed: apt-get install ffmpeg") from None
        try:
            _, said = await asyncio.wait_for(process.communicate(), _SECONDS_TO_DRAW)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            raise ClipError(f"ffmpeg failed: {said.decode(errors='replace')[-2000:]}")
        return await asyncio.to_thread(path.read_bytes)
