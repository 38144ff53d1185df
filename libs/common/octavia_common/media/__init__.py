"""Media in the hands of ffmpeg: opened as what strangers send, in a sandbox."""

from octavia_common.media.errors import (
    DamagedMediaError,
    EmptyFileError,
    ForbiddenFormatError,
    MediaTimeoutError,
    MediaTooLongError,
    NoAudioError,
    NotMediaError,
    PictureTooLargeError,
    TruncatedMediaError,
    UnknownCodecError,
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
    "DamagedMediaError",
    "EmptyFileError",
    "ForbiddenFormatError",
    "MediaInfo",
    "MediaKind",
    "MediaTimeoutError",
    "MediaTooLongError",
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
    "UnknownCodecError",
    "VideoInfo",
    "Whole",
    "ffmpeg",
    "ffprobe",
    "probe",
    "run_tool",
    "safe_input",
]
