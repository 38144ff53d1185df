"""Whether a file can become a job: pure rules."""

from collections.abc import Sequence

from octavia_common.events import JobKind

from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.jobs.errors import (
    NoAudioError,
    StoragePathMismatchError,
    TooManyTargetLanguagesError,
    WrongFileTypeError,
)


def check_dubbable(file: FileRecord, kind: JobKind, storage_path: str | None) -> None:
    """A video with sound, or sound alone, as the kind of job wants it, and named rightly.

    Raises StoragePathMismatchError, WrongFileTypeError, NoAudioError (422).
    """
    if storage_path is not None and storage_path != file.artifact.key:
        raise StoragePathMismatchError
    wanted = FileType.AUDIO if kind is JobKind.AUDIO_TRANSLATE else FileType.VIDEO
    if file.file_type is not wanted:
        reason = f"{file.filename} was uploaded as {file.file_type.value}."
        raise WrongFileTypeError(wanted.value, reason)
    if wanted is FileType.VIDEO and file.media.video is None:
        raise WrongFileTypeError("video", f"{file.filename} has no picture.")
    if not file.media.has_audio:
        raise NoAudioError


def check_target_count(targets: Sequence[str], most: int) -> None:
    """Raises TooManyTargetLanguagesError (422)."""
    if len(targets) > most:
        raise TooManyTargetLanguagesError(most)
