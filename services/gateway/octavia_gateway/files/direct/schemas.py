"""Uploads by signed addresses, on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway.files.direct.service import PartAddress, Standing
from octavia_gateway.files.models import FileType
from octavia_gateway.files.tus.models import Upload, UploadState

MOST_ADDRESSES = 100
"""Addresses of one answer."""

PartNumber = Annotated[int, Field(ge=1, le=10_000)]


class BeginDirectUpload(BaseModel):
    """A file that is about to be sent."""

    model_config = ConfigDict(extra="forbid")

    filename: str = Field(max_length=1000)
    length: int = Field(ge=0, le=2**62, description="Bytes of the whole file.")
    file_type: FileType = FileType.VIDEO
    sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="Of the whole file; where given it must be right."
    )


class PartsWanted(BaseModel):
    """The parts that are going to be put next."""

    model_config = ConfigDict(extra="forbid")

    numbers: list[PartNumber] = Field(min_length=1, max_length=MOST_ADDRESSES)


class DirectUploadResponse(BaseModel):
    """An upload by signed addresses and what became of it."""

    upload_id: UUID
    state: UploadState
    length: int
    part_size: int = Field(description="Bytes of every part but the last.")
    part_count: int
    received: list[int] | None = Field(
        description="Numbers of the parts that are in the store; null where it was not asked."
    )
    file_type: FileType
    filename: str
    expires_at: datetime
    file_id: UUID | None = Field(description="The file, once state is finished.")
    problem: dict[str, Any] | None = Field(description="Why it was refused, where state is rejected.")

    @classmethod
    def of(cls, upload: Upload, received: tuple[int, ...] | None = None) -> "DirectUploadResponse":
        """The document of an upload."""
        return cls(
            upload_id=upload.upload_id,
            state=upload.state,
            length=upload.length or 0,
            part_size=upload.part_size,
            part_count=upload.part_count,
            received=None if received is None else list(received),
            file_type=upload.file_type,
            filename=upload.filename,
            expires_at=upload.expires_at,
            file_id=upload.file_id,
            problem=upload.problem,
        )

    @classmethod
    def standing(cls, standing: Standing) -> "DirectUploadResponse":
        """The same, with what the store has of it."""
        return cls.of(standing.upload, standing.received)


class AddressResponse(BaseModel):
    """Where to PUT one part: no other header is needed, and no other length is taken."""

    number: int
    size_bytes: int
    url: str

    @classmethod
    def of(cls, address: PartAddress) -> "AddressResponse":
        """The document of an address."""
        return cls(number=address.number, size_bytes=address.size_bytes, url=address.url)


class AddressesResponse(BaseModel):
    """Addresses of parts; whoever has one can put that part until it expires."""

    parts: list[AddressResponse]
    expires_at: datetime
