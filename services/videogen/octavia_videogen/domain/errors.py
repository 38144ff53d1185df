"""Why a video cannot be made. Messages are shown to its owner; all say what becomes of the credits."""

from collections.abc import Sequence

from octavia_common.errors import OctaviaError, PermanentError, TransientError
from octavia_common.events import JobError

STAGE = "videogen"
LONGEST_REASON = 300
"""Characters of a provider's own words that are handed on."""


def job_error(error: OctaviaError) -> JobError:
    """The error as the job's owner reads it."""
    return JobError(code=error.code, message=error.message, stage=STAGE)


def plain(words: str) -> str:
    """A stranger's words as one line of printable text, cut to what a person reads."""
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"


class ProviderFailedError(PermanentError):
    """The provider tried, and says that it cannot."""

    code = "video_provider_failed"

    def __init__(self, reason: str) -> None:
        said = f": {plain(reason)}" if plain(reason) else ""
        super().__init__(
            f"The provider could not make this video{said}. "
            "Your credits are back; change the prompt or try again."
        )


class ProviderRefusedError(PermanentError):
    """The provider does not take the order: what was asked for is not to its liking."""

    code = "video_refused"

    def __init__(self, reason: str) -> None:
        said = f": {plain(reason)}" if plain(reason) else ""
        super().__init__(
            f"The provider does not accept this request{said}. "
            "Your credits are back; change the prompt or the picture."
        )


class ProviderAccountError(PermanentError):
    """The operator's account at the provider: its key, its balance, its own limit."""

    code = "video_provider_account"
    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Videos cannot be made just now: the operator's account at the provider does not allow it. "
            "Your credits are back; please try again later.",
            reason=plain(reason),
        )


class ModelUnavailableError(PermanentError):
    """The model is retired, paused or unknown here; names those that can be asked for."""

    code = "video_model_unavailable"

    def __init__(self, model: str, others: Sequence[str]) -> None:
        instead = f"Choose one of these: {', '.join(others)}." if others else "Please try again later."
        super().__init__(
            f"The model “{model}” is not available. Your credits are back. {instead}", model=model
        )


class PictureUnusableError(PermanentError):
    """The picture that the video was to begin with cannot be used."""

    code = "video_picture_unusable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The picture cannot be used: {reason} Your credits are back.")


class ProviderAwayError(PermanentError):
    """The provider took no order for as long as one waits for it."""

    code = "video_provider_away"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            "The provider of videos takes no orders at the moment. "
            "Your credits are back; please try again later."
        )


class VideoTooLateError(PermanentError):
    """The model's deadline passed."""

    code = "video_too_late"
    status = 504

    def __init__(self) -> None:
        super().__init__("The video was not finished in time. Your credits are back; please try again.")


class OrderLostError(PermanentError):
    """Nobody knows whether the provider took the order, and sending it again could pay for it twice."""

    code = "video_order_lost"
    status = 504

    def __init__(self) -> None:
        super().__init__(
            "The provider did not confirm the order, and no video came of it. "
            "Your credits are back; please try again."
        )


class NoVideoError(PermanentError):
    """The provider says that it succeeded, and there is no video that can be used."""

    code = "video_unusable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The provider delivered no usable video: {reason} Your credits are back; please try again."
        )


# What follows is between an adapter and those who call it; the owner of a video never reads it.


class OrderDeferredError(TransientError):
    """The order was certainly not taken; it may be sent again after `retry_after` seconds (None: unsaid)."""

    code = "video_order_deferred"

    def __init__(
        self, reason: str, *, retry_after: float | None = None, paused: bool = False, limited: bool = False
    ) -> None:
        super().__init__(f"The provider takes no order now: {plain(reason)}")
        self.retry_after = retry_after
        self.paused = paused
        """Whether the provider says that the model itself is switched off for now."""
        self.limited = limited
        """Whether there were only too many orders at once: it waits in line for as long as it takes."""


class AnswerLostError(TransientError):
    """The order may have been taken or not: it must not be sent again."""

    code = "video_answer_lost"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The provider's answer was lost: {plain(reason)}")


class LookFailedError(TransientError):
    """The provider's record cannot be read now."""

    code = "video_look_failed"

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"The provider's record cannot be read: {plain(reason)}")
        self.retry_after = retry_after


class TaskUnknownError(PermanentError):
    """The provider has no such task."""

    code = "video_task_unknown"

    def __init__(self) -> None:
        super().__init__("The provider does not know this video.")


class ResultGoneError(PermanentError):
    """The provider has no result any more."""

    code = "video_result_gone"

    def __init__(self) -> None:
        super().__init__("The provider does not keep this video any more.")


class ModelSwitchedOffError(PermanentError):
    """The provider says that it does not run this model any more."""

    code = "video_model_switched_off"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The provider has switched the model off: {plain(reason)}")
