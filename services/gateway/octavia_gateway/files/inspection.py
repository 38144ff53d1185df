"""What an uploaded object is, found without trusting it, before anything is built on it."""

import asyncio
from pathlib import PurePosixPath

import structlog
from octavia_common.artifacts import ArtifactStore
from octavia_common.media import (
    MediaInfo,
    MediaKind,
    NotMediaError,
    ToolFailedError,
    TruncatedMediaError,
    probe,
)
from octavia_subtitles.reading import MOST_BYTES

from octavia_gateway.files.errors import DamagedMediaError, WrongFileTypeError
from octavia_gateway.files.models import AudioSummary, FileMedia, FileType, Inspection, VideoSummary
from octavia_gateway.files.subtitles import read_subtitles
from octavia_gateway.files.windows import HEAD_BYTES, WHOLE_BYTES, SparseObject

__all__ = ["Inspection", "Inspector"]

log = structlog.get_logger(__name__)

LARGEST_SMALL_BYTES = {FileType.SUBTITLE: MOST_BYTES, FileType.IMAGE: WHOLE_BYTES}
"""Largest files of the kinds that are small by nature, in bytes."""

_TYPES = {
    "mov": ("video/mp4", "audio/mp4"),
    "matroska": ("video/x-matroska", "audio/x-matroska"),
    "avi": ("video/x-msvideo", "audio/x-msvideo"),
    "mpegts": ("video/mp2t", "audio/mp2t"),
    "mpeg": ("video/mpeg", "audio/mpeg"),
    "flv": ("video/x-flv", "audio/x-flv"),
    "asf": ("video/x-ms-asf", "audio/x-ms-wma"),
    "ogg": ("video/ogg", "audio/ogg"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
    "wav": ("audio/wav", "audio/wav"),
    "flac": ("audio/flac", "audio/flac"),
    "aac": ("audio/aac", "audio/aac"),
    "aiff": ("audio/aiff", "audio/aiff"),
    "amr": ("audio/amr", "audio/amr"),
    "caf": ("audio/x-caf", "audio/x-caf"),
    "png_pipe": ("image/png", "image/png"),
    "jpeg_pipe": ("image/jpeg", "image/jpeg"),
    "webp_pipe": ("image/webp", "image/webp"),
}
"""Media type with and without a picture, by ffmpeg's name of the container."""

_BY_SUFFIX = {("mov", ".mov"): "video/quicktime", ("matroska", ".webm"): "video/webm"}
"""Where one demuxer reads two relatives, the name says which of them it is."""


class Inspector:
    """Probes objects, few at a time: each probe runs programs and holds windows in memory."""

    def __init__(self, store: ArtifactStore, *, most_bytes: int, at_once: int) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._places = asyncio.Semaphore(at_once)

    async def inspect(self, key: str, size_bytes: int, file_type: FileType, filename: str) -> Inspection:
        """What the object under `key` is.

        Raises:
            MediaError: it cannot be used as a `file_type`; the message says why.
        """
        largest = LARGEST_SMALL_BYTES.get(file_type)
        if largest is not None and size_bytes > largest:
            raise WrongFileTypeError(f"A file of the type {file_type} may have at most {largest} bytes.")
        async with self._places:
            if file_type is FileType.SUBTITLE:
                return await read_subtitles(self._store, key, size_bytes)
            try:
                info = await self._probe(key, size_bytes, MediaKind(file_type))
            except ToolFailedError as error:
                log.warning("probe_failed", key=key, program=error.program, stderr=error.stderr)
                raise DamagedMediaError(
                    "The file cannot be read to its end; it may be damaged. Convert it to an ordinary MP4."
                ) from None
        _check_type(info, file_type)
        return Inspection(_summary(info), _media_type(info, filename))

    async def _probe(self, key: str, size_bytes: int, kind: MediaKind) -> MediaInfo:
        sparse = SparseObject(self._store, key, size_bytes, most_bytes=self._most_bytes)
        whole = None if size_bytes <= WHOLE_BYTES else sparse.pumped
        try:
            async with sparse.opened() as path:
                return await probe(path, kind=kind, whole=whole)
        except (NotMediaError, TruncatedMediaError):
            if min(size_bytes, self._most_bytes) <= max(HEAD_BYTES, WHOLE_BYTES):
                raise
        # A cover or an attachment may stand before what tells the format: look once more, further.
        async with sparse.opened(head_bytes=self._most_bytes) as path:
            return await probe(path, kind=kind, whole=whole)


def _check_type(info: MediaInfo, file_type: FileType) -> None:
    if info.video is not None and not (info.video.width and info.video.height):
        raise DamagedMediaError(
            "The picture in the file cannot be read; it may be damaged. Convert it to an ordinary MP4."
        )
    if file_type is FileType.VIDEO and info.video is None:
        raise WrongFileTypeError(
            "The file has sound but no picture. Upload it with file_type=audio, or choose a video."
        )
    if file_type is FileType.AUDIO:
        info.require_audio()
    if file_type is FileType.IMAGE and info.video is None:
        raise WrongFileTypeError("The file is no PNG, JPEG or WebP picture. Choose another one.")


def _summary(info: MediaInfo) -> FileMedia:
    video = info.video
    picture = None
    if video is not None:
        picture = VideoSummary(
            codec=video.codec,
            width=video.width,
            height=video.height,
            frames_per_second=round(video.fps, 3) or None,
        )
    return FileMedia(
        duration_seconds=info.duration_seconds,
        container=info.container,
        video=picture,
        audio=tuple(
            AudioSummary(
                codec=track.codec,
                channels=track.channels,
                sample_rate=track.sample_rate,
                language=track.language,
            )
            for track in info.audio
        ),
    )


def _media_type(info: MediaInfo, filename: str) -> str:
    named = _BY_SUFFIX.get((info.container, PurePosixPath(filename).suffix.lower()))
    if named and info.video:
        return named
    with_picture, without = _TYPES.get(info.container, ("application/octet-stream",) * 2)
    return with_picture if info.video else without
