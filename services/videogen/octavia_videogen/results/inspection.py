"""Whether what came is a video that can be shown, and its first picture as a poster."""

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path

from octavia_common.errors import MediaError
from octavia_common.media import ToolFailedError, ToolLimits, ffmpeg, probe, safe_input

from octavia_videogen.domain.errors import NoVideoError

MIB = 1024 * 1024
LONGEST_SECONDS = 600.0
"""No model makes clips of this length; one that says so is broken, or worse."""

LEAST_SECONDS = 0.2
POSTER_SIDE = 960
"""Longest side of a poster, in pixels."""

POSTER_TYPE = "image/webp"
_POSTER_LIMITS = ToolLimits(seconds=60, file_bytes=16 * MIB)

MEDIA_TYPES = {"mov": "video/mp4", "matroska": "video/webm"}
"""Of the containers that browsers play; all others are no video that can be shown."""

CODECS = frozenset({"h264", "hevc", "av1", "vp9", "vp8", "mpeg4"})


@dataclass(frozen=True)
class Clip:
    """What a clip turned out to be. Width and height are as it is shown, turned where it says so."""

    media_type: str
    duration_seconds: float
    width: int
    height: int


async def inspected(path: Path) -> Clip:
    """Look at a file that a provider sent, as at one of a stranger. Raises NoVideoError."""
    try:
        info = await probe(path)
    except MediaError as error:
        raise NoVideoError(f"it cannot be opened ({error.code}).") from None
    video = info.video
    media_type = MEDIA_TYPES.get(info.container)
    if video is None or video.width < 1 or video.height < 1:
        raise NoVideoError("it has no picture.")
    if media_type is None or video.codec not in CODECS:
        raise NoVideoError(f"it is of a form that cannot be shown ({info.container}, {video.codec}).")
    if not LEAST_SECONDS <= info.duration_seconds <= LONGEST_SECONDS:
        raise NoVideoError(f"it has an impossible length ({math.ceil(info.duration_seconds)} s).")
    lies = video.rotation % 180 != 0
    width, height = (video.height, video.width) if lies else (video.width, video.height)
    return Clip(media_type, info.duration_seconds, width, height)


async def write_poster(path: Path, target: Path) -> None:
    """Write the first picture as WebP. Raises NoVideoError where there is none to be decoded."""
    fit = f"scale='min({POSTER_SIDE},iw)':'min({POSTER_SIDE},ih)':force_original_aspect_ratio=decrease"
    try:
        await ffmpeg(
            *safe_input(path),
            *("-map", "0:V:0", "-frames:v", "1", "-vf", fit, "-map_metadata", "-1", "-fflags", "+bitexact"),
            *("-c:v", "libwebp", "-quality", "80", "-f", "webp", f"file:{target}"),
            limits=_POSTER_LIMITS,
        )
    except (MediaError, ToolFailedError):
        raise NoVideoError("not one picture of it can be decoded.") from None
    if not await asyncio.to_thread(_has_content, target):
        raise NoVideoError("not one picture of it can be decoded.")


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
