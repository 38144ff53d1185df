"""Whether a file can become a job: pure rules."""

from collections.abc import Mapping, Sequence

from octavia_common.events import AUTO, JobKind

from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.jobs.errors import (
    NoAudioError,
    StoragePathMismatchError,
    SubtitleLanguageNeededError,
    TooManyTargetLanguagesError,
    WrongFileTypeError,
)

WANTED: Mapping[JobKind, tuple[FileType, ...]] = {
    JobKind.VIDEO_TRANSLATE: (FileType.VIDEO,),
    JobKind.AUDIO_TRANSLATE: (FileType.AUDIO,),
    JobKind.SUBTITLES: (FileType.VIDEO, FileType.AUDIO),
    JobKind.SUBTITLE_TRANSLATE: (FileType.SUBTITLE,),
}
"""What a job of each kind works on."""


def check_usable(file: FileRecord, kind: JobKind, storage_path: str | None) -> None:
    """A video with sound, sound alone or a subtitle file, as the kind of job wants it, and named rightly.

    Raises StoragePathMismatchError, WrongFileTypeError, NoAudioError (422).
    """
    if storage_path is not None and storage_path != file.artifact.key:
        raise StoragePathMismatchError
    check_type(file, *WANTED[kind])
    if file.file_type is FileType.VIDEO and file.media.video is None:
        raise WrongFileTypeError("video", f"{file.filename} has no picture.")
    if file.file_type is not FileType.SUBTITLE and not file.media.has_audio:
        raise NoAudioError


def check_type(file: FileRecord, *wanted: FileType) -> None:
    """Raises WrongFileTypeError (422)."""
    if file.file_type not in wanted:
        expected = " or ".join(each.value for each in wanted)
        raise WrongFileTypeError(expected, f"{file.filename} was uploaded as {file.file_type.value}.")


def check_subtitle_language(kind: JobKind, source_language: str, *, given: bool) -> None:
    """What is written has no sound that a language could be heard in. Raises SubtitleLanguageNeededError."""
    if source_language == AUTO and (given or kind is JobKind.SUBTITLE_TRANSLATE):
        raise SubtitleLanguageNeededError


def check_target_count(targets: Sequence[str], most: int) -> None:
    """Raises TooManyTargetLanguagesError (422)."""
    if len(targets) > most:
        raise TooManyTargetLanguagesError(most)
