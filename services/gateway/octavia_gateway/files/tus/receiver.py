"""The bytes of one PATCH: into parts of the store, acknowledged part by part.

What is acknowledged survives the death of this process: whole parts lie in the store's multipart
upload, what is left when the request ends lies in a small object beside it. A part is passed on to the
store as its bytes come, and the next one begins only once it is written down that the store has it. So
the client of a process that is killed sends at most one part again (and what lay in the sockets); a
connection that breaks loses only what lay in the sockets.
"""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

from octavia_common.artifacts import ArtifactStore, Part, PartStream
from octavia_common.errors import TransientError
from octavia_common.events import ArtifactRef

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.digests import PartDigest, RunningDigests
from octavia_gateway.files.errors import UploadInterruptedError, UploadTooLargeError
from octavia_gateway.files.parts import PartPipeline
from octavia_gateway.files.tus.models import Upload
from octavia_gateway.files.tus.protocol import Checksum
from octavia_gateway.files.tus.repository import UploadsRepository


class Receiver:
    """Receives the bodies of PATCH requests (and of creations that bring bytes)."""

    def __init__(
        self,
        database: GatewayDatabase,
        store: ArtifactStore,
        digests: RunningDigests,
        *,
        lifetime: timedelta,
    ) -> None:
        self.database = database
        self.store = store
        self.digests = digests
        self.lifetime = lifetime
        self.uploads = UploadsRepository()

    async def receive(
        self,
        upload: Upload,
        writer: UUID,
        body: AsyncIterator[bytes],
        checksum: Checksum | None,
        *,
        expected: int | None = None,
    ) -> Upload:
        """Takes `body` into `upload`, which `writer` has taken; the upload as it stands afterwards.

        With a checksum nothing is acknowledged before all of the body has been checked. `expected` is how
        many bytes the client says it sends.

        Raises:
            UploadInterruptedError: the body broke off; without a checksum all of it is kept.
            ChecksumMismatchError: nothing of the body was kept.
            UploadTooLargeError: more bytes than the upload has room for.
            UploadTakenOverError: another request took the upload meanwhile.
        """
        reception = _Reception(self, upload, writer, deferred=checksum is not None)
        hasher = checksum.hasher() if checksum else None
        await reception.begin(expected)
        try:
            try:
                async for chunk in body:
                    if hasher is not None:
                        hasher.update(chunk)
                    await reception.feed(chunk)
            except UploadInterruptedError:
                if checksum is None:
                    await reception.finish()
                raise
            if checksum is not None and hasher is not None:
                checksum.verify(hasher)
            return await reception.finish()
        finally:
            await reception.close()


class _Reception:
    """One PATCH. `upload` is always what the database says."""

    def __init__(self, receiver: Receiver, upload: Upload, writer: UUID, *, deferred: bool) -> None:
        self._receiver = receiver
        self._store = receiver.store
        self._writer = writer
        self._deferred = deferred
        self._upload = upload
        self._room = (upload.length or 0) - upload.offset
        self._stored: list[Part] = []
        state = receiver.digests.take(upload.upload_id, upload.next_part - 1)
        self._digest = PartDigest(state) if state else None
        self._pipeline: PartPipeline | None = None

    async def begin(self, expected: int | None) -> None:
        """Reads back the bytes of the part that an earlier request left unfinished."""
        tail = self._upload.tail
        begun = await self._store.read(tail) if tail else b""
        self._pipeline = PartPipeline(
            self._upload.part_size,
            self,
            digest=self._digest,
            first_number=self._upload.next_part,
            begun=begun,
            total=self._upload.length,
            expected=expected,
        )

    async def feed(self, chunk: bytes) -> None:
        """Takes some bytes of the body."""
        self._room -= len(chunk)
        if self._room < 0:
            raise UploadTooLargeError(f"The upload has {self._upload.length} bytes; more were sent.")
        assert self._pipeline is not None
        await self._pipeline.feed(chunk)

    async def finish(self) -> Upload:
        """Acknowledges everything that was fed."""
        assert self._pipeline is not None
        upload = self._upload
        parts, rest = self._pipeline.number - 1, self._pipeline.rest
        reached = min(parts * upload.part_size, upload.length or 0) + len(rest)
        tail = None
        if rest and reached > upload.offset:
            # A key of its own: a request that was taken over must not spoil its successor's tail.
            tail = await self._store.write(f"{upload.tail_prefix}{uuid4()}", rest, "application/octet-stream")
        if reached > upload.offset:
            await self._advance(reached, tail)
        if self._digest is not None:
            await self._digest.settle()
            self._receiver.digests.put(upload.upload_id, parts, self._digest.kept)
        return self._upload

    async def close(self) -> None:
        """Waits until nothing is being stored for this request any more."""
        if self._pipeline is not None:
            await self._pipeline.close()

    # -- the sink of the pipeline ---------------------------------------------------------------------

    async def open(self, number: int, size_bytes: int) -> PartStream:
        return await self._store.multipart.open_part(self._upload.key, self._multipart_id, number, size_bytes)

    async def put(self, number: int, data: memoryview) -> Part:
        return await self._store.multipart.put_part(self._upload.key, self._multipart_id, number, data)

    async def stored(self, part: Part) -> None:
        self._stored.append(part)
        if not self._deferred:
            length = self._upload.length or 0
            await self._advance(min(part.number * self._upload.part_size, length), None)

    @property
    def _multipart_id(self) -> str:
        assert self._upload.multipart_id is not None
        return self._upload.multipart_id

    async def _advance(self, offset: int, tail: ArtifactRef | None) -> None:
        old = self._upload.tail
        async with self._receiver.database.user_transaction(self._upload.user_id) as connection:
            self._upload = await self._receiver.uploads.advance(
                connection,
                self._upload,
                writer=self._writer,
                offset=offset,
                parts=self._stored,
                tail=tail,
                lifetime=self._receiver.lifetime,
            )
        self._stored = []
        if old is not None:
            with contextlib.suppress(TransientError):  # what stays is removed when the upload ends
                await self._store.delete([old.key])
