"""Media in the hands of ffmpeg: opened as what strangers send, in a sandbox."""

from octavia_common.media.errors import (
    EmptyFileError,
    ForbiddenFormatError,
    MediaTimeoutError,
    NoAudioError,
    NotMediaError,
    PictureTooLargeError,
    TruncatedMediaError,
)
from octavia_common.media.ffmpeg import ffmpeg, ffprobe, safe_input
from octavia_common.media.formats import MediaKind
from octavia_common.media.probe import AudioInfo, MediaInfo, SubtitleInfo, VideoInfo, Whole, probe
from octavia_common.media.sandbox import (
    ToolFailedError,
    ToolLimits,
    ToolOutputError,
    ToolResult,
    ToolTimeoutError,
    run_tool,
)

__all__ = [
    "AudioInfo",
    "EmptyFileError",
    "ForbiddenFormatError",
    "MediaInfo",
    "MediaKind",
    "MediaTimeoutError",
    "NoAudioError",
    "NotMediaError",
    "PictureTooLargeError",
    "SubtitleInfo",
    "ToolFailedError",
    "ToolLimits",
    "ToolOutputError",
    "ToolResult",
    "ToolTimeoutError",
    "TruncatedMediaError",
    "VideoInfo",
    "Whole",
    "ffmpeg",
    "ffprobe",
    "probe",
    "run_tool",
    "safe_input",
]
