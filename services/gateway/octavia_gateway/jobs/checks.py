"""Whether a file can become a job: pure rules."""

from collections.abc import Sequence

from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.jobs.errors import (
    NoAudioError,
    StoragePathMismatchError,
    TooManyTargetLanguagesError,
    WrongFileTypeError,
)


def check_dubbable(file: FileRecord, storage_path: str | None) -> None:
    """A video with sound, named rightly.

    Raises StoragePathMismatchError, WrongFileTypeError, NoAudioError (422).
    """
    if storage_path is not None and storage_path != file.artifact.key:
        raise StoragePathMismatchError
    if file.file_type is not FileType.VIDEO:
        raise WrongFileTypeError("video", f"{file.filename} was uploaded as {file.file_type.value}.")
    if file.media.video is None:
        raise WrongFileTypeError("video", f"{file.filename} has no picture.")
    if not file.media.has_audio:
        raise NoAudioError


def check_target_count(targets: Sequence[str], most: int) -> None:
    """Raises TooManyTargetLanguagesError (422)."""
    if len(targets) > most:
        raise TooManyTargetLanguagesError(most)
