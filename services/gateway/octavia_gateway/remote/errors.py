"""Why a remote upload cannot be begun or goes no further; what a URL may be at fault for stands in common."""

from octavia_common.errors import PermanentError

from octavia_gateway.problems import ApiError, ForbiddenError


class RemoteUploadsOffError(ForbiddenError):
    """The operator does not want them."""

    code = "remote_uploads_off"

    def __init__(self) -> None:
        super().__init__("Videos cannot be given by URL here. Upload the file itself to /api/v1/upload.")


class RemoteUploadNotFoundError(PermanentError):
    """No such remote upload of this user; another user's looks the same."""

    code = "remote_upload_not_found"
    status = 404


class TooManyRemoteUploadsError(ApiError):
    """The user has as many on their way as one user may."""

    status = 429
    code = "too_many_remote_uploads"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"You already have {limit} files on their way. Wait until one is here, or delete one.",
            headers={"Retry-After": "30"},
            limit=limit,
        )


class RemoteUploadGoneError(PermanentError):
    """Its owner deleted it, or another process goes on with it: what this one has is dropped."""

    code = "remote_upload_gone"
    status = 409
