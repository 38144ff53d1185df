"""Which files can be made of a source: said from what its probe found, before anything is made."""

from collections.abc import Mapping
from types import MappingProxyType

from octavia_common.events.exports import ExportKind

IN_MP4 = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg"})
"""Pictures that players expect in MP4."""

IN_WEBM = frozenset({"vp8", "vp9", "av1"})
"""All that WebM permits (its container guidelines)."""

BURNT = ("mp4", "mkv", "webm")
"""A picture with subtitles burnt in is encoded anew, so any of these can hold it."""

SOUND = ("m4a", "mp3", "flac", "wav", "ogg")
STEMS = ("flac", "wav", "m4a", "mp3", "ogg")
"""For sound alone, and for parts of it that somebody will work on: then without loss first."""

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "mp4": "video/mp4",
        "mov": "video/quicktime",
        "mkv": "video/x-matroska",
        "webm": "video/webm",
        "m4a": "audio/mp4",
        "mp3": "audio/mpeg",
        "flac": "audio/flac",
        "wav": "audio/wav",
        "ogg": "audio/ogg",
    }
)


def pictures_held_by(container: str, codec: str) -> tuple[str, ...]:
    """Containers that can hold a picture as it is, the one most like its own first.

    `container` is ffmpeg's name of the demuxer that read it, `codec` ffmpeg's name of the picture's codec.
    """
    fitting = [
        *(["mp4"] if codec in IN_MP4 else []),
        *(["mov"] if container == "mov" and codec not in IN_MP4 else []),
        *(["webm"] if codec in IN_WEBM else []),
        "mkv",
    ]
    if container == "matroska" and codec not in IN_WEBM:
        fitting.remove("mkv")
        fitting.insert(0, "mkv")
    return tuple(fitting)


def containers_for(
    kind: ExportKind, *, container: str, picture: str | None, sound: bool, spoken: bool
) -> tuple[str, ...]:
    """Containers that an export of this kind can have, the usual one first; none where it cannot be made.

    `picture` is the codec of the source's picture or None, `sound` whether the source has any, `spoken`
    whether the job speaks, and does not write subtitles alone.
    """
    match kind:
        case ExportKind.TRACKS:
            return pictures_held_by(container, picture) if picture else ()
        case ExportKind.BURNT:
            return BURNT if picture else ()
        case ExportKind.BACKGROUND:
            return STEMS if sound and spoken else ()
        case ExportKind.SPEECH:
            return STEMS if spoken else ()
        case ExportKind.AUDIO:
            return SOUND if spoken else ()
