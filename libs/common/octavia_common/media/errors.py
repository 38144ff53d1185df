"""Why a file cannot be used, each in words that tell its owner what to do."""

import re

from octavia_common.errors import MediaError
from octavia_common.media.formats import MAX_PIXELS, MAX_SECONDS, PLAYLIST_FORMATS


class EmptyFileError(MediaError):
    """The file has no bytes."""

    code = "empty_file"

    def __init__(self) -> None:
        super().__init__("The file is empty. Please check it and upload it again.")


class NotMediaError(MediaError):
    """No known container."""

    code = "not_media"

    def __init__(self) -> None:
        super().__init__(
            "This is not a video or audio file that we can open. "
            "Please upload MP4, MOV, MKV, WebM, AVI, MP3, WAV, FLAC or OGG."
        )


class ForbiddenFormatError(MediaError):
    """A container that is not on the allow-list, or a playlist, which would open other files."""

    code = "forbidden_format"

    def __init__(self, name: str) -> None:
        if name in PLAYLIST_FORMATS:
            message = (
                "This is a playlist that points at other files, not a video. "
                "Please upload the video itself, such as an MP4."
            )
        else:
            message = (
                f"Files of the format “{name}” are not accepted. "
                "Please convert it to MP4, MKV or WebM and upload it again."
            )
        super().__init__(message, format=name)


class PictureTooLargeError(MediaError):
    """More pixels than are opened."""

    code = "picture_too_large"

    def __init__(self, width: int | None = None, height: int | None = None) -> None:
        size = f" ({width}×{height})" if width and height else ""
        super().__init__(
            f"The picture is too large{size}. Please scale it down to at most 8192×4320 "
            f"({MAX_PIXELS:,} pixels) and upload it again."
        )


class NoAudioError(MediaError):
    """Nothing to hear, so nothing to translate."""

    code = "no_audio"

    def __init__(self) -> None:
        super().__init__(
            "The file has no audio track, so there is no speech to translate. "
            "Please upload a version with sound."
        )


class TruncatedMediaError(MediaError):
    """The end of the file is missing."""

    code = "truncated"

    def __init__(self) -> None:
        super().__init__(
            "The file is cut off: its end is missing. "
            "Please export or copy it again completely, then upload it again."
        )


class NoContentError(MediaError):
    """A good container with nothing in it that can be used."""

    code = "no_content"

    def __init__(self) -> None:
        super().__init__("The file contains neither picture nor sound. Please check it and upload it again.")


class MediaTimeoutError(MediaError):
    """Opening it takes longer, or more memory, than any ordinary file needs."""

    code = "media_too_complex"

    def __init__(self) -> None:
        super().__init__(
            "The file takes too long or too much memory to open; it may be damaged. "
            "Please convert it to an ordinary MP4 and upload it again."
        )


class DamagedMediaError(MediaError):
    """It begins as media and cannot be read, or says of itself what cannot be."""

    code = "damaged_media"

    def __init__(self) -> None:
        super().__init__(
            "The file is damaged and cannot be read to its end. "
            "Please convert it to an ordinary MP4 and upload it again."
        )


class UnknownCodecError(MediaError):
    """A sound that no decoder here understands."""

    code = "unknown_codec"

    def __init__(self) -> None:
        super().__init__(
            "The sound of the file is in a form (codec) that we cannot decode. "
            "Please convert it to an MP4 with AAC sound and upload it again."
        )


class MediaTooLongError(MediaError):
    """Longer than is worked on; `seconds` is what it states or has."""

    code = "media_too_long"

    def __init__(self, seconds: float) -> None:
        hours = MAX_SECONDS // 3600
        super().__init__(
            f"The file is longer than {hours} hours. Please cut it into shorter ones and upload each.",
            seconds=seconds,
            hours=hours,
        )


_PAST_ALL_LIMITS = re.compile(r"Picture size [1-9]\d+x[1-9]\d+ is invalid")
_NO_DECODER = re.compile(r"Decoder \(codec \w+\) not found for input stream")
_NOT_ON_WHITELIST = re.compile(r"\[(?P<name>[\w,]+) @ [^\]]*\] Format not on whitelist")


def media_error_of(stderr: str) -> MediaError | None:
    """The error that ffmpeg's complaint stands for, or None where the input is not what is wrong."""
    if found := _NOT_ON_WHITELIST.search(stderr):
        return ForbiddenFormatError(found["name"])
    if "exceeds specified max pixel count" in stderr or _PAST_ALL_LIMITS.search(stderr):
        return PictureTooLargeError()
    if _NO_DECODER.search(stderr):
        return UnknownCodecError()
    if "Cannot allocate memory" in stderr:
        return MediaTimeoutError()
    if "moov atom not found" in stderr or "EBML header parsing failed" in stderr:
        return TruncatedMediaError()
    if "Invalid data found when processing input" in stderr:
        return NotMediaError()
    return None
