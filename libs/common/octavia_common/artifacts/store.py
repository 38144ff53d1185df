"""What the platform asks of an object store.

`ArtifactStore` is the contract; `s3.S3ArtifactStore` keeps it on a real server, and
`fake.FakeArtifactStore` in memory for unit tests. One suite runs against both.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from octavia_common.artifacts.multipart import MultipartUploads
from octavia_common.errors import ArtifactCorruptError
from octavia_common.events import ArtifactRef

M = TypeVar("M", bound=BaseModel)

MIB = 1024 * 1024
DOCUMENT_TYPE = "application/json"


class ArtifactStore(ABC):
    """Objects under keys. An object never changes: the first to write a key wins.

    Every call may raise TransientError where the server cannot be reached, and calls that read
    raise ArtifactMissingError for an unknown key and ArtifactCorruptError for bytes that do not
    have the digest that their reference promises.
    """

    multipart: MultipartUploads

    @abstractmethod
    async def stat(self, key: str) -> ArtifactRef | None:
        """The reference to an object, or None where there is none.

        The digest was kept when the object was written; that of a multipart upload which was
        completed without one is computed by reading it (as `digest` does).
        """

    @abstractmethod
    async def digest(self, key: str) -> ArtifactRef:
        """The reference to an object whose digest nobody knows yet: reads all of it, in flat memory."""

    @abstractmethod
    async def read(self, ref: ArtifactRef, *, max_bytes: int = 64 * MIB) -> bytes:
        """An object's bytes, verified. Raises ValueError where it is larger than `max_bytes`."""

    @abstractmethod
    async def fetch(self, ref: ArtifactRef, path: Path) -> Path:
        """Write an object, verified, to `path` in flat memory; the path appears only when complete."""

    @abstractmethod
    async def write(self, key: str, data: bytes, media_type: str) -> ArtifactRef:
        """Write an object; returns the reference to what is under the key, which is what an earlier
        writer put there where there was one."""

    @abstractmethod
    async def write_file(self, key: str, path: Path, media_type: str) -> ArtifactRef:
        """As `write`, from a file, in flat memory and in parts where it is large."""

    @abstractmethod
    def stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """An object's bytes from `start` (`length` of them, or to its end), in pieces of at most 4 MiB.

        For handing on ranges, hence not verified. A slow reader holds no connection to the store.
        """

    @abstractmethod
    async def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; unknown keys are no error."""

    @abstractmethod
    def list_keys(self, prefix: str) -> AsyncIterator[str]:
        """All keys that begin with `prefix`, in order."""

    @abstractmethod
    async def presign(
        self, key: str, *, expires: timedelta, filename: str | None = None, public: bool = False
    ) -> str:
        """An address from which its holder can get the object until it expires (at most 7 days),
        offered for saving as `filename` where that is given; `public` as clients reach the store."""

    @abstractmethod
    async def ensure_bucket(self) -> None:
        """Create the bucket where it is missing."""

    @abstractmethod
    async def check(self) -> None:
        """Raises TransientError at once, without another try, where the store cannot be used."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    async def read_document(self, ref: ArtifactRef, model: type[M]) -> M:
        """A JSON document. Raises ArtifactCorruptError where it is not one of this model."""
        data = await self.read(ref)
        try:
            return model.model_validate_json(data)
        except ValidationError as error:
            raise ArtifactCorruptError(
                f"The stored {model.__name__} cannot be read.", key=ref.key, errors=error.error_count()
            ) from None

    async def write_document(self, key: str, document: BaseModel) -> ArtifactRef:
        """Write a document as JSON."""
        return await self.write(key, document.model_dump_json().encode(), DOCUMENT_TYPE)
