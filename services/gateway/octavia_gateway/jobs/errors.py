"""What can be wrong with a request about a job."""

from collections.abc import Sequence
from uuid import UUID

from octavia_gateway.problems import ApiError, NotFoundError


class JobNotFoundError(NotFoundError):
    """No such job, or another user's."""

    code = "job_not_found"

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"There is no job {job_id}.")


class InsufficientCreditsError(ApiError):
    """The balance does not cover the job; nothing was started."""

    status = 402
    code = "insufficient_credits"

    def __init__(self, *, required: int, balance: int) -> None:
        super().__init__(
            f"This job costs {required} credits and you have {balance}. Add credits, then process it again.",
            required=required,
            balance=balance,
        )


class WrongFileTypeError(ApiError):
    """The file is not of the kind that this job works on."""

    status = 422
    code = "wrong_file_type"

    def __init__(self, expected: str, reason: str) -> None:
        super().__init__(f"This job needs a {expected} file: {reason}", expected=expected)


class NoAudioError(ApiError):
    """There is no sound to translate."""

    status = 422
    code = "no_audio"

    def __init__(self) -> None:
        super().__init__("The file has no audio track, so there is nothing to dub. Upload one with sound.")


class SubtitleLanguageNeededError(ApiError):
    """The language of a subtitle file is not told; nobody speaks in a file of text."""

    status = 422
    code = "subtitle_language_needed"

    def __init__(self) -> None:
        super().__init__("Name the language of the subtitle file: what is written is not listened to.")


class StoragePathMismatchError(ApiError):
    """`storage_path` is given and is not the path of `file_id`."""

    status = 422
    code = "storage_path_mismatch"

    def __init__(self) -> None:
        super().__init__("storage_path does not belong to file_id. Send both as the upload returned them.")


class JobNotProcessableError(ApiError):
    """The job is at work already, or done, or cancelled."""

    status = 409
    code = "job_not_processable"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The job is {status}; only a pending, failed or cancelled job can be processed.",
            job_status=status,
        )


class QuoteChangedError(ApiError):
    """Prices rose after the job was created; the new quote is stored, processing again accepts it."""

    status = 409
    code = "quote_changed"

    def __init__(self, *, quoted: int, required: int) -> None:
        super().__init__(
            f"This job costs {required} credits now instead of {quoted}. Process it again to accept.",
            quoted=quoted,
            required=required,
        )


class NotFinishedError(ApiError):
    """Languages can be added once something has come of the job."""

    status = 409
    code = "job_not_finished"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The job is {status}; languages can be added once it is completed.", job_status=status
        )


class LanguagesAlreadyThereError(ApiError):
    """All that was asked for is there."""

    status = 409
    code = "languages_already_there"

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__(
            f"The job has {', '.join(languages)} already. Name a language that it does not have.",
            languages=", ".join(languages),
        )


class NotAPreviewError(ApiError):
    """Only a preview has more to be made than was asked for."""

    status = 409
    code = "not_a_preview"

    def __init__(self) -> None:
        super().__init__("This job is no preview: all of its file is made already, or can be.")


class JobNotCancellableError(ApiError):
    """The job has ended."""

    status = 409
    code = "job_not_cancellable"

    def __init__(self, status: str) -> None:
        super().__init__(f"The job has ended ({status}), so there is nothing to cancel.", job_status=status)


class JobRunningError(ApiError):
    """A job at work cannot be deleted: its workers would put new files behind the deletion."""

    status = 409
    code = "job_running"

    def __init__(self) -> None:
        super().__init__("The job is running. Cancel it, wait until it has ended, then delete it.")


class PricesUnknownError(ApiError):
    """Billing has not published its prices yet."""

    status = 503
    code = "prices_unknown"

    def __init__(self) -> None:
        super().__init__("The price list is not there yet. Try again in a few seconds.")


class TooManyTargetLanguagesError(ApiError):
    """More target languages than one job may have."""

    status = 422
    code = "too_many_languages"

    def __init__(self, most: int) -> None:
        super().__init__(f"One job may have at most {most} target languages.", limit=most)
