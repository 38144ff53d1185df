"""What can be wrong with a request about a review."""

from octavia_gateway.problems import ApiError


class NotInReviewError(ApiError):
    """The job does not wait for anybody."""

    status = 409
    code = "not_in_review"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The job is {status}; only a job that waits for review can be released.", job_status=status
        )
