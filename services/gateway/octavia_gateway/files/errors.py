"""What can be wrong with an upload or a download, and what its owner can do about it."""

from octavia_common.errors import MediaError, PermanentError


class FileNotFoundHereError(PermanentError):
    """No such file of this user; another user's file looks the same."""

    code = "file_not_found"
    status = 404


class FileInUseError(PermanentError):
    """A job that has not ended still needs the file."""

    code = "file_in_use"
    status = 409


class UploadTooLargeError(PermanentError):
    """More bytes than this platform takes in one file."""

    code = "upload_too_large"
    status = 413


class UploadInterruptedError(PermanentError):
    """The client went away, or sent nothing for too long. Mostly nobody reads this answer."""

    code = "upload_interrupted"
    status = 408


class StorageFullError(PermanentError):
    """The user keeps as much as one user may."""

    code = "storage_full"
    status = 413


class TooManyOpenUploadsError(PermanentError):
    """The user has begun as many uploads as one user may."""

    code = "too_many_open_uploads"
    status = 409


class MalformedFormError(PermanentError):
    """The request body is not the multipart form it claims to be, or was cut off."""

    code = "malformed_form"
    status = 400


class EmptyFileError(MediaError):
    """A file of no bytes."""

    code = "empty_file"


class DamagedMediaError(MediaError):
    """It looks like media, and cannot be read to its end."""

    code = "damaged_media"


class NoSubtitlesError(MediaError):
    """No subtitle file, or one that nobody's subtitles are."""

    code = "no_subtitles"


class WrongFileTypeError(MediaError):
    """The content is not of the kind that `file_type` names."""

    code = "wrong_file_type"


class UnsatisfiableRangeError(PermanentError):
    """A range that begins after the end of the object."""

    code = "range_not_satisfiable"
    status = 416

    def __init__(self, size_bytes: int) -> None:
        super().__init__(
            f"The range asked for lies outside the file, which has {size_bytes} bytes.", size_bytes=size_bytes
        )
        self.headers = {"Content-Range": f"bytes */{size_bytes}"}


class ResultNotReadyError(PermanentError):
    """The job has no result yet (or none at all)."""

    code = "result_not_ready"
    status = 409


class ResultNotFoundError(PermanentError):
    """The job is done, but not in the language or form asked for."""

    code = "result_not_found"
    status = 404
