"""What can be wrong with a request about a batch."""

from uuid import UUID

from octavia_gateway.jobs.errors import InsufficientCreditsError
from octavia_gateway.problems import ApiError, NotFoundError


class BatchNotFoundError(NotFoundError):
    """No such batch, or another user's, or all of its jobs were deleted."""

    code = "batch_not_found"

    def __init__(self, batch_id: UUID) -> None:
        super().__init__(f"There is no batch {batch_id}.")


class BatchNotProcessableError(ApiError):
    """None of its jobs waits to be processed."""

    status = 409
    code = "batch_not_processable"

    def __init__(self) -> None:
        super().__init__(
            "Every job of this batch is at work, done or cancelled: only pending and failed ones "
            "are processed."
        )


class InsufficientForBatchError(InsufficientCreditsError):
    """The balance does not cover all jobs of the batch; none was started."""

    def __init__(self, *, required: int, balance: int) -> None:
        super().__init__(required=required, balance=balance)
        self.message = (
            f"These jobs cost {required} credits together and you have {balance}. Add credits, then process "
            "the batch again."
        )


class BatchTooLargeError(ApiError):
    """What the jobs wish is more than can be told of together."""

    status = 422
    code = "batch_too_large"

    def __init__(self) -> None:
        super().__init__("These jobs' options are too long together. Make two batches of them.")
