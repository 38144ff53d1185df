"""What a file is: its length, tracks and codecs, found without trusting it."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from octavia_common.cancellation import CancelToken
from octavia_common.media.container import begins_well, is_cut_off, is_fragmented
from octavia_common.media.errors import (
    DamagedMediaError,
    EmptyFileError,
    MediaTimeoutError,
    MediaTooLongError,
    NoAudioError,
    NoContentError,
    NotMediaError,
    PictureTooLargeError,
    TruncatedMediaError,
    UnknownCodecError,
)
from octavia_common.media.ffmpeg import MIB, ffmpeg, ffprobe, safe_input
from octavia_common.media.formats import (
    KNOWN_LENGTH,
    MAX_CHANNELS,
    MAX_PIXELS,
    MAX_SECONDS,
    SAMPLE_RATES,
    MediaKind,
)
from octavia_common.media.sandbox import GIB, ToolFailedError, ToolLimits, ToolTimeoutError

TAIL_SECONDS = 10.0
"""How far before the stated end packets are looked for."""

MISSING_SECONDS = 2.0
"""A file whose last packet ends this much before the stated end is cut off."""

LATE_START_SECONDS = 0.5
"""A clock that starts later than this does so on purpose; less is the codecs' own delay."""

UNKNOWN = "unknown"
"""Codec of a track that ffmpeg has no name for."""

_ENTRIES = "format=format_name,duration,start_time,size,bit_rate:stream:stream_tags:stream_disposition"
_SCAN_LIMITS = ToolLimits(seconds=300, memory_bytes=2 * GIB, data_bytes=192 * MIB, file_bytes=0)
_LONGEST_TAG = 35
"""Letters of a language tag that are kept (RFC 5646, 4.4.1)."""
_LONGEST_TITLE = 200


Whole = Callable[[], AbstractAsyncContextManager[Path]]
"""Opens all bytes of a file as something that can be read once, from the first to the last."""


class Info(BaseModel):
    """A part of what a probe finds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class VideoInfo(Info):
    """The first moving picture; covers and other attached pictures do not count.

    `frame_rate` and `time_base` are exact fractions such as `30000/1001`; `frame_rate` is the average one.
    """

    index: int
    codec: str
    profile: str | None = None
    width: int
    height: int
    pixel_format: str | None = None
    fps: float
    frame_rate: str
    base_frame_rate: str
    time_base: str
    start_seconds: float = 0.0
    duration_seconds: float | None = None
    frames: int | None = None
    rotation: int = 0


class AudioInfo(Info):
    """A sound track; `language` is the tag as it stands in the file (ISO 639), if any."""

    index: int
    codec: str
    channels: int
    channel_layout: str | None = None
    sample_rate: int
    start_seconds: float = 0.0
    duration_seconds: float | None = None
    language: str | None = None
    title: str | None = None
    default: bool = False


class SubtitleInfo(Info):
    """A subtitle track."""

    index: int
    codec: str
    language: str | None = None
    title: str | None = None


class MediaInfo(Info):
    """What a file is. `container` is ffmpeg's name of the demuxer (`mov`, `matroska`, `wav`…)."""

    duration_seconds: float = Field(ge=0)
    start_seconds: float = 0.0
    container: str
    size_bytes: int
    video: VideoInfo | None = None
    audio: tuple[AudioInfo, ...] = ()
    subtitles: tuple[SubtitleInfo, ...] = ()
    only_seconds: float | None = None
    """Only so much of the file, from its start, is to be read."""

    def first(self, seconds: float | None) -> Self:
        """The same file, as if it ended after so many seconds; None: as it is."""
        if seconds is None or seconds >= self.duration_seconds:
            return self
        return self.model_copy(update={"duration_seconds": seconds, "only_seconds": seconds})

    def require_audio(self) -> AudioInfo:
        """The track to translate: the default one, else the first. Raises NoAudioError."""
        if not self.audio:
            raise NoAudioError
        return next((track for track in self.audio if track.default), self.audio[0])


async def probe(
    path: Path,
    *,
    kind: MediaKind = MediaKind.VIDEO,
    whole: Whole | None = None,
    cancel: CancelToken | None = None,
) -> MediaInfo:
    """Open a file that a stranger sent and say what it is.

    The length is stated by the container or, where it cannot say, measured over all packets. `path` may
    have holes that read as zeros where neither the head, the tail nor the index of the container lies; then
    `whole` gives the bytes in order, for what the holes hide. Raises a MediaError of the kind that fits:
    EmptyFileError, NotMediaError, ForbiddenFormatError, PictureTooLargeError, TruncatedMediaError,
    NoContentError, UnknownCodecError, DamagedMediaError, MediaTooLongError, MediaTimeoutError.
    """
    size = (await asyncio.to_thread(path.stat)).st_size
    if size == 0:
        raise EmptyFileError
    try:
        found = await ffprobe(path, "-show_entries", _ENTRIES, kind=kind, cancel=cancel)
    except (TruncatedMediaError, NotMediaError):
        # ffmpeg believes the name (text called .mp4 is an MP4 without an index to it), and does not
        # know the beginning of a container alone: what the first bytes say decides.
        raise (TruncatedMediaError if await asyncio.to_thread(begins_well, path) else NotMediaError) from None
    info = _understood(found, size)
    if info.video is not None and info.video.width * info.video.height > MAX_PIXELS:
        raise PictureTooLargeError(info.video.width, info.video.height)
    if kind in (MediaKind.IMAGE, MediaKind.SUBTITLE):
        return info
    if info.video is None and not info.audio:
        raise NoContentError
    _check_sound(info)
    if await asyncio.to_thread(is_cut_off, path):
        raise TruncatedMediaError
    if not await _states_its_length(path, info, has_holes=whole is not None):
        async with whole() if whole else _unchanged(path) as readable:
            return _not_too_long(
                info.model_copy(update={"duration_seconds": await _measured(readable, kind, cancel)})
            )
    _not_too_long(info)
    last, stated = await _last_packet(path, info, kind, cancel), info.start_seconds + info.duration_seconds
    if last > stated + MISSING_SECONDS:
        # What it plays, not what it says, is worked on and paid for.
        return _not_too_long(info.model_copy(update={"duration_seconds": last - info.start_seconds}))
    if last >= stated - MISSING_SECONDS:
        return info
    if whole is not None and info.container != "mov":
        # The last packets may lie in a hole, or be found only through an index in one: count them all.
        async with whole() as readable:
            if await _measured(readable, kind, cancel) >= info.duration_seconds - MISSING_SECONDS:
                return info
    raise TruncatedMediaError


def _check_sound(info: MediaInfo) -> None:
    """Refuse sound that nobody can decode, or whose decoding takes without measure."""
    if info.audio and all(track.codec == UNKNOWN for track in info.audio):
        raise UnknownCodecError
    least, most = SAMPLE_RATES
    for track in info.audio:
        if not (least <= track.sample_rate <= most and 1 <= track.channels <= MAX_CHANNELS):
            raise DamagedMediaError


def _not_too_long(info: MediaInfo) -> MediaInfo:
    if info.duration_seconds > MAX_SECONDS:
        raise MediaTooLongError(info.duration_seconds)
    return info


async def _states_its_length(path: Path, info: MediaInfo, *, has_holes: bool) -> bool:
    """Whether the container says how long it is, and this can be checked without reading all of it."""
    if info.container not in KNOWN_LENGTH or info.duration_seconds <= 0:
        return False
    # The index of a fragmented MP4 is spread over all of it.
    return not (has_holes and await asyncio.to_thread(is_fragmented, path))


@asynccontextmanager
async def _unchanged(path: Path) -> AsyncIterator[Path]:
    yield path


async def _measured(path: Path, kind: MediaKind, cancel: CancelToken | None) -> float:
    """The end of the last packet, found by reading all of them. 0 where there are none.

    Raises DamagedMediaError, MediaTimeoutError.
    """
    try:
        result = await ffmpeg(
            *safe_input(path, kind),
            *("-map", "0:v?", "-map", "0:a?", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"),
            limits=_SCAN_LIMITS,
            cancel=cancel,
        )
    except ToolTimeoutError:
        raise MediaTimeoutError from None
    except ToolFailedError as error:
        raise DamagedMediaError from error
    ends = [
        line.partition("=")[2]
        for line in result.stdout.decode().splitlines()
        if line.startswith("out_time_us=")
    ]
    return max((int(end) / 1e6 for end in ends if end.lstrip("-").isdigit()), default=0.0)


async def _last_packet(path: Path, info: MediaInfo, kind: MediaKind, cancel: CancelToken | None) -> float:
    """Where the last packet of picture or sound ends, in seconds of the file's clock: it may be well before
    or after the end that the container states."""
    end = info.start_seconds + info.duration_seconds
    found = await ffprobe(
        path,
        *("-read_intervals", f"{max(0.0, end - TAIL_SECONDS):.3f}%"),
        *("-show_entries", "packet=codec_type,pts_time,duration_time"),
        kind=kind,
        cancel=cancel,
    )
    return max(
        (
            _seconds(packet.get("pts_time")) + _seconds(packet.get("duration_time"))
            for packet in found.get("packets", [])
            if packet.get("codec_type") in ("video", "audio")
        ),
        default=info.start_seconds,
    )


def _understood(found: dict[str, Any], size: int) -> MediaInfo:
    """Our words for ffprobe's."""
    streams: list[dict[str, Any]] = found.get("streams", [])
    form: dict[str, Any] = found.get("format", {})
    moving = [s for s in streams if s.get("codec_type") == "video" and not _flag(s, "attached_pic")]
    longest = max((_seconds(stream.get("duration")) for stream in streams), default=0.0)
    container = str(form.get("format_name", "")).split(",", 1)[0]
    start, length = _seconds(form.get("start_time")), _seconds(form.get("duration"))
    if container in ("matroska", "mov") and start > LATE_START_SECONDS:
        # What these call their duration is the time of their end, also where their clock starts late.
        length = max(0.0, length - start)
    return MediaInfo(
        duration_seconds=length or longest,
        start_seconds=start,
        container=container,
        size_bytes=size,
        video=_video(moving[0]) if moving else None,
        audio=tuple(_audio(s) for s in streams if s.get("codec_type") == "audio" and s.get("sample_rate")),
        subtitles=tuple(_subtitle(s) for s in streams if s.get("codec_type") == "subtitle"),
    )


def _video(stream: dict[str, Any]) -> VideoInfo:
    average = _fraction(stream.get("avg_frame_rate")) or _fraction(stream.get("r_frame_rate"))
    rotations = [side["rotation"] for side in stream.get("side_data_list", []) if "rotation" in side]
    return VideoInfo(
        index=stream["index"],
        codec=stream.get("codec_name", UNKNOWN),
        profile=stream.get("profile"),
        width=stream.get("width", 0),
        height=stream.get("height", 0),
        pixel_format=stream.get("pix_fmt"),
        fps=float(average),
        frame_rate=f"{average.numerator}/{average.denominator}",
        base_frame_rate=stream.get("r_frame_rate", "0/1"),
        time_base=stream.get("time_base", "0/1"),
        start_seconds=_seconds(stream.get("start_time")),
        duration_seconds=_seconds(stream.get("duration")) or None,
        frames=int(stream["nb_frames"]) if str(stream.get("nb_frames", "")).isdigit() else None,
        rotation=int(rotations[0]) if rotations else 0,
    )


def _audio(stream: dict[str, Any]) -> AudioInfo:
    tags = _tags(stream)
    return AudioInfo(
        index=stream["index"],
        codec=stream.get("codec_name", UNKNOWN),
        channels=stream.get("channels", 0),
        channel_layout=stream.get("channel_layout"),
        sample_rate=int(stream["sample_rate"]),
        start_seconds=_seconds(stream.get("start_time")),
        duration_seconds=_seconds(stream.get("duration")) or None,
        language=_language(tags),
        title=_title(tags),
        default=_flag(stream, "default"),
    )


def _subtitle(stream: dict[str, Any]) -> SubtitleInfo:
    tags = _tags(stream)
    return SubtitleInfo(
        index=stream["index"],
        codec=stream.get("codec_name", UNKNOWN),
        language=_language(tags),
        title=_title(tags),
    )


def _tags(stream: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in stream.get("tags", {}).items()}


def _language(tags: dict[str, str]) -> str | None:
    language = tags.get("language", "und")
    return None if language == "und" else language[:_LONGEST_TAG]


def _title(tags: dict[str, str]) -> str | None:
    title = tags.get("title")
    return title[:_LONGEST_TITLE] if title is not None else None


def _flag(stream: dict[str, Any], name: str) -> bool:
    return bool(stream.get("disposition", {}).get(name))


def _seconds(value: Any) -> float:
    """ffprobe's seconds; 0 for N/A and what is no finite number."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0


def _fraction(value: Any) -> Fraction:
    """ffprobe's fraction; 0 for `0/0`."""
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
