"""A file on its way from a stranger's server: how far it is and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from octavia_gateway.files.models import FileType


class RemoteState(StrEnum):
    """`queued` waits for its turn (or its next try), `receiving` is being fetched and then checked."""

    QUEUED = "queued"
    RECEIVING = "receiving"
    FINISHED = "finished"
    REJECTED = "rejected"


@dataclass(frozen=True)
class RemoteUpload:
    """A row of `remote_uploads`. `url` may hold a secret in its query; `shown_url` does not."""

    upload_id: UUID
    user_id: UUID
    url: str
    shown_url: str
    file_type: FileType
    filename: str | None
    state: RemoteState
    tries: int
    received_bytes: int
    length: int | None
    file_id: UUID | None
    problem: dict[str, Any] | None
    created_at: datetime
