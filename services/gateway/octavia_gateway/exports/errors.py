"""What can be wrong with a request for an export."""

from collections.abc import Sequence

from octavia_common.events import ExportKind

from octavia_gateway.problems import ApiError, NotFoundError


class ExportNotFoundError(NotFoundError):
    """No such export of this job, or another user's."""

    code = "export_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such export. List them with GET /api/v1/jobs/{id}/exports.")


class ExportNotPossibleError(ApiError):
    """This kind of file cannot be made of this job."""

    status = 422
    code = "export_not_possible"

    def __init__(self, kind: ExportKind, reason: str) -> None:
        super().__init__(f"An export of the kind {kind.value} cannot be made: {reason}", kind=kind.value)


class ContainerNotPossibleError(ApiError):
    """The container cannot hold what the export would have."""

    status = 422
    code = "container_not_possible"

    def __init__(self, container: str, possible: Sequence[str]) -> None:
        super().__init__(
            f"{container[:20]} cannot hold this. Choose one of: {', '.join(possible)}.",
            containers=list(possible),
        )


class ExportNotReadyError(ApiError):
    """It is still being made, or could not be."""

    status = 409
    code = "export_not_ready"

    def __init__(self, status: str) -> None:
        super().__init__(f"The export is {status}; there is no file of it.", export_status=status)


class TooManyExportsError(ApiError):
    """The user has as many exports at work as one user may."""

    status = 409
    code = "too_many_exports"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} of your exports are being made. Wait until one is done.", limit=most)
