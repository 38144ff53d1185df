"""Looks at files as the services do, one after another, and says how each ended; a process to be watched.

Reads lines of JSON `{"path", "kind"}` and answers each with one line. What the probe accepts is decoded and
copied too, as the transcriber and the assembler do it.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from octavia_common.errors import MediaError, OctaviaError
from octavia_common.media import MediaInfo, MediaKind, ToolLimits, ffmpeg, probe, safe_input

MOST_SECONDS = 60.0


async def look(path: Path, kind: MediaKind, scratch: Path) -> MediaInfo:
    """Probe, then decode all sound and copy the picture."""
    info = await probe(path, kind=kind)
    if kind in (MediaKind.IMAGE, MediaKind.SUBTITLE) or not info.audio:
        return info
    limits = ToolLimits(seconds=MOST_SECONDS, file_bytes=1 << 30)
    track = info.require_audio().index
    sound = ("-map", f"0:{track}", "-vn", "-sn", "-dn", "-af", "aresample=16000:async=1:first_pts=0")
    most = ("-t", f"{info.duration_seconds + 60:.3f}")
    await ffmpeg(*safe_input(path, kind), *sound, *most, "-f", "s16le", str(scratch / "sound"), limits=limits)
    if info.video is not None:
        picture = ("-map", f"0:{info.video.index}", "-c", "copy", "-f", "matroska", str(scratch / "picture"))
        await ffmpeg(*safe_input(path, kind), *picture, limits=limits)
    return info


async def answer(path: Path, kind: MediaKind) -> dict[str, object]:
    begun = time.monotonic()
    said: dict[str, object] = {"stage": "done"}
    with tempfile.TemporaryDirectory() as scratch:
        try:
            await look(path, kind, Path(scratch))
        except OctaviaError as error:
            said = {
                "stage": "refused" if isinstance(error, MediaError) else "failed",
                "error": type(error).__name__,
                "code": error.code,
                "status": error.status,
                "transient": error.transient,
                "message": error.message,
                "context": error.context,
            }
    said["seconds"] = time.monotonic() - begun
    # The most that any program had until now: what a file adds to it is that file's.
    said["most_kib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return said


def main() -> None:
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(asyncio.run(answer(Path(wanted["path"]), MediaKind(wanted["kind"])))), flush=True)


if __name__ == "__main__":
    main()
