"""What can be wrong with a request about a video."""

from collections.abc import Collection, Iterable
from uuid import UUID

from octavia_common.errors import TransientError

from octavia_gateway.problems import ApiError, NotFoundError


class VideoNotFoundError(NotFoundError):
    """No such video, or another user's."""

    code = "video_not_found"

    def __init__(self, video_id: UUID) -> None:
        super().__init__(f"There is no video {video_id}.")


class VideoNotReadyError(ApiError):
    """There is no clip to be shown."""

    status = 409
    code = "video_not_ready"

    def __init__(self, status: str) -> None:
        advice = "wait until it is completed" if status in ("pending", "processing") else "try it again"
        super().__init__(f"The video is {status} and has no clip; {advice}.", video_status=status)


class VideoExpiredError(ApiError):
    """The provider kept the clip, and does not keep it any more."""

    status = 410
    code = "video_expired"

    def __init__(self) -> None:
        super().__init__("The provider does not keep this clip any more. Have it made anew.")


class PosterNotFoundError(NotFoundError):
    """There is a clip and no poster."""

    code = "poster_not_found"

    def __init__(self) -> None:
        super().__init__("This video has no thumbnail.")


class VideoNotCancellableError(ApiError):
    """The video has ended."""

    status = 409
    code = "video_not_cancellable"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The video has ended ({status}), so there is nothing to cancel.", video_status=status
        )


class VideoNotRetryableError(ApiError):
    """The video is at work, or done."""

    status = 409
    code = "video_not_retryable"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The video is {status}; only a failed or cancelled one can be tried again.", video_status=status
        )


class VideoRunningError(ApiError):
    """A video at work cannot be deleted: credits are held for it."""

    status = 409
    code = "video_running"

    def __init__(self) -> None:
        super().__init__("The video is being made. Cancel it, wait until it has ended, then delete it.")


class VideoDeletedError(ApiError):
    """The video is deleted, and can be restored."""

    status = 409
    code = "video_deleted"

    def __init__(self) -> None:
        super().__init__("The video is deleted. Restore it first.")


class NotEnoughCreditsError(ApiError):
    """The balance does not cover all videos asked for; none was begun."""

    status = 402
    code = "insufficient_credits"

    def __init__(self, *, required: int, balance: int) -> None:
        super().__init__(
            f"This costs {required} credits and you have {balance}. Nothing was begun; add credits first.",
            required=required,
            balance=balance,
        )


class ModelsUnknownError(TransientError):
    """No provider of videos has said yet what it can be asked for."""

    code = "video_models_unknown"

    def __init__(self) -> None:
        super().__init__("It is not known yet what videos can be made. Try again in a few seconds.")


class UnknownModelError(ApiError):
    """No model of this name; `models` are those that there are."""

    status = 422
    code = "unknown_model"

    def __init__(self, model: str, models: Collection[str]) -> None:
        super().__init__(
            f"There is no model {model}. There are: {', '.join(models)}.", model=model, models=list(models)
        )


class RetiredModelError(ApiError):
    """The model is known and works no more; `models` are those that do."""

    status = 422
    code = "model_retired"

    def __init__(self, model: str, models: Collection[str]) -> None:
        super().__init__(
            f"The model {model} is not available any more. These work: {', '.join(models)}.",
            model=model,
            models=list(models),
        )


class UnsupportedVideoError(ApiError):
    """No model makes such a video; `supported` says what the one meant can be asked for."""

    status = 422
    code = "unsupported_video"

    def __init__(self, what: str, asked: object, model: str, supported: Iterable[object]) -> None:
        can = [getattr(one, "value", one) for one in supported]
        asked = getattr(asked, "value", asked)
        super().__init__(
            f"The model {model} cannot do {what} {asked}; it can do: {', '.join(map(str, can)) or 'none'}.",
            field=what,
            asked=asked,
            model=model,
            supported=can,
        )


class UnknownStyleError(ApiError):
    """No style of this name; `styles` are those that there are."""

    status = 422
    code = "unknown_style"

    def __init__(self, style: str, styles: Collection[str]) -> None:
        super().__init__(
            f"There is no style {style}. There are: {', '.join(styles)}.", style=style, styles=list(styles)
        )


class UnusablePictureError(ApiError):
    """The file cannot be what a video begins with."""

    status = 422
    code = "unusable_picture"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The video cannot begin with this file: {reason}")


class PromptRefusedError(ApiError):
    """The moderator does not let a prompt through; nothing was held."""

    status = 422
    code = "prompt_refused"

    def __init__(self, reason: str, *, vi: str, category: str, index: int) -> None:
        super().__init__(reason, category=category, prompt_index=index, reason_vi=vi)


class ModerationUnavailableError(TransientError):
    """The moderator cannot be asked, and without it nothing is begun."""

    code = "moderation_unavailable"
