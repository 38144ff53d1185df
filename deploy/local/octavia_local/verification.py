"""Whether a dubbed or generated file is what it should be, measured on the file itself."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from octavia_local.errors import LocalError

_TOOL_SECONDS = 120
_MOVING_PICTURES = 3


def verify_dub(source: Path, result: Path) -> None:
    """Compare a dubbed video with its source.

    Raises:
        LocalError: the picture was touched, the length differs by more than a frame, there is no sound, or
        one
            of the two subtitle tracks is missing.
    """
    before, after = _probe(source), _probe(result)
    if _picture_digest(source) != _picture_digest(result):
        raise LocalError(f"{result}: the video packets are not those of {source}.")
    frame = 1 / _frames_per_second(before)
    difference = abs(float(before["format"]["duration"]) - float(after["format"]["duration"]))
    if difference > frame:
        raise LocalError(f"{result}: its length differs from its source's by {difference:.3f} s.")
    kinds = [stream["codec_type"] for stream in after["streams"]]
    if "audio" not in kinds:
        raise LocalError(f"{result}: it has no sound.")
    if kinds.count("subtitle") < 2:
        raise LocalError(f"{result}: it has {kinds.count('subtitle')} subtitle tracks, and two are expected.")


def verify_clip(clip: Path, seconds: float) -> None:
    """Look at a generated video in landscape.

    Raises:
        LocalError: it is not H.264, not wider than high, not of the length asked for to within a tenth, or
            its pictures are all the same.
    """
    after = _probe(clip)
    pictures = [stream for stream in after["streams"] if stream["codec_type"] == "video"]
    if [stream["codec_name"] for stream in pictures] != ["h264"]:
        raise LocalError(f"{clip}: it has no picture in H.264.")
    if pictures[0]["width"] <= pictures[0]["height"]:
        raise LocalError(f"{clip}: it is {pictures[0]['width']}x{pictures[0]['height']}, and not landscape.")
    length = float(after["format"]["duration"])
    if abs(length - seconds) > seconds / 10:
        raise LocalError(f"{clip}: it lasts {length:.2f} s, and {seconds} s were asked for.")
    if len(_distinct_pictures(clip)) < _MOVING_PICTURES:
        raise LocalError(f"{clip}: its picture does not move.")


def _distinct_pictures(clip: Path) -> set[str]:
    """Digests of one decoded picture of each second, which also shows that they can be decoded."""
    options = ["-map", "0:v:0", "-vf", "fps=1", "-f", "framemd5", "-"]
    lines = _run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(clip), *options]).splitlines()
    return {line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")}


def _picture_digest(path: Path) -> str:
    """MD5 of the video packets' bytes: equal exactly where the picture was copied."""
    options = ["-map", "0:v:0", "-c", "copy", "-f", "md5", "-"]
    return _run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), *options]).strip()


def _probe(path: Path) -> dict[str, Any]:
    fields = "format=duration:stream=codec_type,codec_name,width,height,avg_frame_rate"
    answer = _run(["ffprobe", "-v", "error", "-show_entries", fields, "-of", "json", str(path)])
    result: dict[str, Any] = json.loads(answer)
    return result


def _frames_per_second(probe: dict[str, Any]) -> float:
    for stream in probe["streams"]:
        if stream["codec_type"] == "video":
            over, _, under = stream["avg_frame_rate"].partition("/")
            return float(over) / float(under or 1)
    raise LocalError("The source has no video stream.")


def _run(command: Sequence[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_SECONDS, check=False)
    if result.returncode != 0:
        raise LocalError(f"{command[0]} cannot read the result\n{result.stderr.strip()}")
    return result.stdout
