"""An upload on its way: how far it is and who may write to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from octavia_common.artifacts import upload_key
from octavia_common.errors import PermanentError
from octavia_common.events import ArtifactRef

from octavia_gateway.files.models import FileType


class UploadState(StrEnum):
    """`finishing`: all bytes are here and being checked; then a file, or refused for good."""

    RECEIVING = "receiving"
    FINISHING = "finishing"
    FINISHED = "finished"
    REJECTED = "rejected"


class UploadNotFoundError(PermanentError):
    """No such upload of this user."""

    code = "upload_not_found"
    status = 404


class UploadExpiredError(PermanentError):
    """The upload's time was over before it was complete."""

    code = "upload_expired"
    status = 410

    def __init__(self) -> None:
        super().__init__("The upload's time is over; begin a new one.")


class UploadTakenOverError(PermanentError):
    """Another request writes to the upload now; this one's unsaved bytes are dropped."""

    code = "upload_taken_over"
    status = 409


class UploadCorruptError(PermanentError):
    """The stored parts are not the ones that were received."""

    code = "upload_corrupt"


class DigestMismatchError(PermanentError):
    """The bytes in the store are not those that were announced."""

    code = "digest_mismatch"
    status = 422


class RejectedUploadError(PermanentError):
    """A refusal given earlier, told again."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["message"], **problem.get("context", {}))
        self.code = problem["code"]  # type: ignore[misc]  # stands for the error that was raised then
        self.status = problem["status"]  # type: ignore[misc]


@dataclass(frozen=True)
class Upload:
    """A row of `uploads`.

    Whole parts of `part_size` bytes lie in the store's multipart upload, the bytes after them in the
    object `tail`, so `offset` is exact and a resumed upload repeats nothing that was acknowledged.
    """

    upload_id: UUID
    user_id: UUID
    resumable: bool
    file_type: FileType
    filename: str
    metadata: str
    length: int | None
    offset: int
    part_size: int
    multipart_id: str | None
    tail: ArtifactRef | None
    state: UploadState
    problem: dict[str, Any] | None
    expires_at: datetime
    sha256: str | None = None
    """What its sender says the whole has for a digest; only of uploads by signed addresses."""

    @property
    def key(self) -> str:
        """Where the file lies once it is whole."""
        return upload_key(self.user_id, self.upload_id)

    @property
    def file_id(self) -> UUID | None:
        """The file that it became."""
        return self.upload_id if self.state is UploadState.FINISHED else None

    @property
    def tail_prefix(self) -> str:
        """What the keys of its tails begin with; each tail has a key of its own."""
        return f"{self.key}.tail."

    @property
    def part_count(self) -> int:
        """Parts of the whole."""
        return -(-(self.length or 0) // self.part_size)

    def size_of_part(self, number: int) -> int:
        """Bytes of a part, of which the last may be shorter."""
        return min(self.part_size, (self.length or 0) - (number - 1) * self.part_size)

    @property
    def next_part(self) -> int:
        """Number of the part that is not whole yet."""
        return self.offset // self.part_size + 1
