"""Remote uploads on the wire."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from octavia_common.remote.targets import LONGEST_URL
from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway import messages
from octavia_gateway.files.models import FileType
from octavia_gateway.messages import Language
from octavia_gateway.remote.models import RemoteState, RemoteUpload


class RemoteUploadRequest(BaseModel):
    """What is to be fetched."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="http or https address of the file itself, on a public server, without user name and "
        "password.",
        examples=["https://example.org/talk.mp4"],
    )
    file_type: FileType = Field(FileType.VIDEO, description="What the file is to be used as.")
    filename: str | None = Field(
        None, min_length=1, max_length=1000, description="What to call it; else what its server calls it."
    )


class RemoteProblem(BaseModel):
    """Why a file was not taken, in the reader's language."""

    code: str
    title: str
    status: int
    detail: str


class RemoteUploadResponse(BaseModel):
    """A file on its way from another server, and what became of it."""

    fetch_id: UUID
    state: RemoteState = Field(
        description="queued: waits for its turn; receiving: is fetched, then checked; finished: `file_id` is "
        "what a job is created with; rejected: `problem` says why."
    )
    url: str = Field(description="What is fetched, without its query.")
    file_type: FileType
    filename: str | None
    received_bytes: int
    length: int | None = Field(description="Bytes that its server says it has.")
    file_id: UUID | None
    problem: RemoteProblem | None
    created_at: datetime

    @classmethod
    def of(cls, upload: RemoteUpload, language: Language) -> Self:
        """The document of one."""
        return cls(
            fetch_id=upload.upload_id,
            state=upload.state,
            url=upload.shown_url,
            file_type=upload.file_type,
            filename=upload.filename,
            received_bytes=upload.received_bytes,
            length=upload.length,
            file_id=upload.file_id,
            problem=_problem(upload.problem, language) if upload.problem else None,
            created_at=upload.created_at,
        )


def _problem(problem: dict[str, Any], language: Language) -> RemoteProblem:
    code = problem["code"]
    return RemoteProblem(
        code=code,
        title=messages.title_of(code, language),
        status=problem["status"],
        detail=messages.detail_of(code, problem["message"], problem["context"], language),
    )
