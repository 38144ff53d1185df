"""What is opened at all. Everything else that ffmpeg knows is refused before its demuxer runs."""

from enum import StrEnum

MAX_PIXELS = 35_389_440
"""8192×4320: a 750 KB file of 16000×16000 pixels cost 1.4 GB to open."""

MAX_SECONDS = 12 * 3600
"""Longest file, in seconds: two packets of sound 68 years apart make a valid file of 1 KB, and the silence
between them would fill every disk."""

SAMPLE_RATES = (4_000, 768_000)
"""Least and most samples a second of a sound; ordinary ones have 8,000 to 192,000."""

MAX_CHANNELS = 64

MAX_STREAMS = 32
"""Tracks of one file."""

PROBE_BYTES = 32 * 1024 * 1024
ANALYZE_MICROSECONDS = 30_000_000


class MediaKind(StrEnum):
    """What a file is brought as; each has its own allow-list of demuxers."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    IMAGE = "image"


_AUDIO = ("mp3", "wav", "w64", "flac", "ogg", "aac", "aiff", "amr", "caf")
_VIDEO = ("mov", "mp4", "m4a", "3gp", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "asf")

DEMUXERS: dict[MediaKind, tuple[str, ...]] = {
    MediaKind.VIDEO: _VIDEO + _AUDIO,
    MediaKind.AUDIO: _VIDEO + _AUDIO,
    MediaKind.SUBTITLE: ("srt", "webvtt", "ass"),
    MediaKind.IMAGE: ("png_pipe", "jpeg_pipe", "webp_pipe"),
}
"""None of these opens a second file (mov's external references are off by default in ffmpeg); hls,
dash, concat, image2 and their like do, in spite of `-protocol_whitelist`, so none is here."""

PLAYLIST_FORMATS = frozenset({"hls", "applehttp", "dash", "concat", "concatf", "imf", "rtsp", "sdp", "m3u"})

KNOWN_LENGTH = frozenset({"mov", "matroska", "wav", "w64", "flac", "avi", "asf", "flv", "aiff", "caf"})
"""Containers that state their length; that of the others is only guessed by ffmpeg, so it is measured."""


def input_options(kind: MediaKind) -> list[str]:
    """Options to put before `-i` of a file that a stranger sent."""
    return [
        *("-format_whitelist", ",".join(DEMUXERS[kind])),
        *("-protocol_whitelist", "file,pipe"),
        *("-max_pixels", str(MAX_PIXELS)),
        *("-max_streams", str(MAX_STREAMS)),
        *("-probesize", str(PROBE_BYTES)),
        *("-analyzeduration", str(ANALYZE_MICROSECONDS)),
    ]
