"""SubRip and WebVTT files from cues, with everything escaped that a player would take for mark-up."""

import re
from collections.abc import Sequence

from octavia_subtitles.rules import Cue

WORD_JOINER = "\u2060"
"""Invisible; breaks up what would be a tag. SubRip has no escapes."""

SRT_TYPE = "application/x-subrip"
VTT_TYPE = "text/vtt"


def to_srt(cues: Sequence[Cue]) -> str:
    """A SubRip file: UTF-8, numbered from 1. Empty where there are no cues."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        + "\n".join(srt_text(line) for line in cue.lines)
        + "\n\n"
        for number, cue in enumerate(cues, start=1)
    )


def to_vtt(cues: Sequence[Cue]) -> str:
    """A WebVTT file (W3C WebVTT 1). Only its header where there are no cues."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n"
        + "\n".join(vtt_text(line) for line in cue.lines)
        + "\n\n"
        for cue in cues
    )


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def srt_text(line: str) -> str:
    """A line of SubRip."""
    line = line.replace("-->", f"--{WORD_JOINER}>")
    line = re.sub(r"<(?=[A-Za-z/!?])", f"<{WORD_JOINER}", line)
    return re.sub(r"\{(?=\\)", f"{{{WORD_JOINER}", line)


def vtt_text(line: str) -> str:
    """A line of WebVTT."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
