"""What can be wrong with an upload by signed addresses."""

from collections.abc import Sequence

from octavia_common.errors import PermanentError

MOST_TOLD = 100
"""Numbers of parts that an error lists."""


class PartsMissingError(PermanentError):
    """Not every part is in the store, or some are not of the agreed size."""

    code = "parts_missing"
    status = 409

    def __init__(self, missing: Sequence[int], total: int) -> None:
        super().__init__(
            f"{len(missing)} of {total} parts are not in the store as agreed; ask for their addresses, "
            "put them, then complete the upload.",
            missing_count=len(missing),
            missing=list(missing[:MOST_TOLD]),
            total=total,
        )


class NoSuchPartError(PermanentError):
    """A part's number outside of the upload."""

    code = "no_such_part"
    status = 422

    def __init__(self, number: int, total: int) -> None:
        super().__init__(f"This upload has the parts 1 to {total}, and no part {number}.", total=total)


class UploadNotOpenError(PermanentError):
    """All parts were completed already, so no more can be sent."""

    code = "upload_not_open"
    status = 409

    def __init__(self) -> None:
        super().__init__("This upload was completed already; nothing can be added to it.")
