"""Queries on uploads and their parts.

Every write names the `writer` that took the upload; where another has taken it since, nothing is
changed. So a request that was given up by its client, but not yet by the server, can do no harm.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
from octavia_common.artifacts import Part
from octavia_common.events import ArtifactRef

from octavia_gateway.database import Connection
from octavia_gateway.files.models import FileType
from octavia_gateway.files.tus.models import (
    Upload,
    UploadNotFoundError,
    UploadState,
    UploadTakenOverError,
)

FINISHING_LEASE = timedelta(seconds=60)
"""A finisher that was not heard of for this long is dead, and another one may go on."""


class UploadsRepository:
    """The tables `uploads` and `upload_parts`."""

    async def add(
        self,
        connection: Connection,
        *,
        upload_id: UUID,
        user_id: UUID,
        resumable: bool,
        file_type: FileType,
        filename: str,
        metadata: str = "",
        length: int | None,
        part_size: int,
        multipart_id: str | None,
        lifetime: timedelta,
        direct: bool = False,
        sha256: str | None = None,
    ) -> Upload:
        """A new upload of no bytes yet."""
        row = await connection.fetchrow(
            """INSERT INTO uploads (upload_id, user_id, resumable, file_type, filename, metadata, length,
                                    part_size, multipart_id, expires_at, direct, sha256)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10, $11, $12) RETURNING *""",
            upload_id,
            user_id,
            resumable,
            file_type,
            filename,
            metadata,
            length,
            part_size,
            multipart_id,
            lifetime,
            direct,
            sha256,
        )
        assert row is not None
        return _upload(row)

    async def get(
        self, connection: Connection, user_id: UUID, upload_id: UUID, *, direct: bool = False
    ) -> Upload:
        """An upload of the user, by tus or (`direct`) by signed addresses.

        Raises:
            UploadNotFoundError: there is none, or it is another user's.
        """
        row = await connection.fetchrow(
            """SELECT * FROM uploads
               WHERE user_id = $1 AND upload_id = $2 AND CASE WHEN $3 THEN direct ELSE resumable END""",
            user_id,
            upload_id,
            direct,
        )
        if row is None:
            where = "/api/v1/direct-uploads" if direct else "/api/v1/uploads"
            raise UploadNotFoundError(f"There is no upload {upload_id}; begin a new one with POST {where}.")
        return _upload(row)

    async def take(
        self, connection: Connection, user_id: UUID, upload_id: UUID, *, offset: int, writer: UUID
    ) -> Upload | None:
        """Makes `writer` the only one that may write; None unless the upload stands at `offset` and waits."""
        row = await connection.fetchrow(
            """UPDATE uploads SET writer = $4
               WHERE user_id = $1 AND upload_id = $2 AND offset_bytes = $3 AND state = 'receiving'
                 AND expires_at > now() AND resumable
               RETURNING *""",
            user_id,
            upload_id,
            offset,
            writer,
        )
        return _upload(row) if row else None

    async def advance(
        self,
        connection: Connection,
        upload: Upload,
        *,
        writer: UUID,
        offset: int,
        parts: Sequence[Part],
        tail: ArtifactRef | None,
        lifetime: timedelta,
    ) -> Upload:
        """Acknowledges all bytes below `offset`; at the upload's length it goes over to `finishing`.

        Raises:
            UploadTakenOverError: the upload has another writer, or is gone.
        """
        row = await connection.fetchrow(
            """UPDATE uploads
               SET offset_bytes = $5, tail = $6, expires_at = now() + $7,
                   state = CASE WHEN $5 = length THEN 'finishing' ELSE state END,
                   writer_until = CASE WHEN $5 = length THEN now() + $8::interval END
               WHERE user_id = $1 AND upload_id = $2 AND writer = $3 AND offset_bytes = $4
                 AND state = 'receiving'
               RETURNING *""",
            upload.user_id,
            upload.upload_id,
            writer,
            upload.offset,
            offset,
            tail.model_dump(mode="json") if tail else None,
            lifetime,
            FINISHING_LEASE,
        )
        if row is None:
            raise UploadTakenOverError(
                "Another request goes on with this upload; ask for its offset by HEAD."
            )
        await connection.executemany(
            "INSERT INTO upload_parts (upload_id, user_id, number, etag) VALUES ($1, $2, $3, $4)",
            [(upload.upload_id, upload.user_id, part.number, part.etag) for part in parts],
        )
        return _upload(row)

    async def parts(self, connection: Connection, upload: Upload) -> list[Part]:
        """The acknowledged parts, in order."""
        rows = await connection.fetch(
            "SELECT number, etag FROM upload_parts WHERE user_id = $1 AND upload_id = $2 ORDER BY number",
            upload.user_id,
            upload.upload_id,
        )
        return [Part(row["number"], row["etag"]) for row in rows]

    async def set_multipart(
        self, connection: Connection, user_id: UUID, upload_id: UUID, multipart_id: str
    ) -> Upload:
        """Remembers the store's id of an upload that began without one.

        Raises:
            UploadTakenOverError: the upload is gone.
        """
        row = await connection.fetchrow(
            "UPDATE uploads SET multipart_id = $3 WHERE user_id = $1 AND upload_id = $2 RETURNING *",
            user_id,
            upload_id,
            multipart_id,
        )
        if row is None:
            raise UploadTakenOverError("The upload was removed while it began; begin a new one.")
        return _upload(row)

    async def prolong(
        self, connection: Connection, user_id: UUID, upload_id: UUID, lifetime: timedelta
    ) -> bool:
        """Gives an upload that is still being received its whole time again; False where that is over."""
        found = await connection.fetchval(
            """UPDATE uploads SET expires_at = now() + $3
               WHERE user_id = $1 AND upload_id = $2 AND state = 'receiving' AND expires_at > now()
               RETURNING 1""",
            user_id,
            upload_id,
            lifetime,
        )
        return found is not None

    async def begin_finishing(self, connection: Connection, upload: Upload, parts: Sequence[Part]) -> bool:
        """All `parts` are there; whoever claims it first finishes the upload. False where somebody was
        here before, or the upload has expired."""
        found = await connection.fetchval(
            """UPDATE uploads SET state = 'finishing', offset_bytes = length, writer_until = now()
               WHERE user_id = $1 AND upload_id = $2 AND state = 'receiving' AND expires_at > now()
               RETURNING 1""",
            upload.user_id,
            upload.upload_id,
        )
        if found is None:
            return False
        await connection.executemany(
            "INSERT INTO upload_parts (upload_id, user_id, number, etag) VALUES ($1, $2, $3, $4)",
            [(upload.upload_id, upload.user_id, part.number, part.etag) for part in parts],
        )
        return True

    async def count_open(self, connection: Connection, user_id: UUID) -> int:
        """Uploads of the user that are still to become a file."""
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM uploads WHERE user_id = $1 AND state IN ('receiving', 'finishing')",
                user_id,
            )
        )

    async def claim_finishing(
        self, connection: Connection, user_id: UUID, upload_id: UUID, writer: UUID
    ) -> Upload | None:
        """Takes over the finishing from a process that died; None where nothing is to be taken over."""
        row = await connection.fetchrow(
            """UPDATE uploads SET writer = $3, writer_until = now() + $4
               WHERE user_id = $1 AND upload_id = $2 AND state = 'finishing' AND writer_until <= now()
               RETURNING *""",
            user_id,
            upload_id,
            writer,
            FINISHING_LEASE,
        )
        return _upload(row) if row else None

    async def keep_finishing(
        self,
        connection: Connection,
        user_id: UUID,
        upload_id: UUID,
        writer: UUID,
        *,
        lease: timedelta = FINISHING_LEASE,
    ) -> bool:
        """Prolongs (or with no `lease` gives back) the finishing; False where another has it."""
        found = await connection.fetchval(
            """UPDATE uploads SET writer_until = now() + $4
               WHERE user_id = $1 AND upload_id = $2 AND writer = $3 AND state = 'finishing' RETURNING 1""",
            user_id,
            upload_id,
            writer,
            lease,
        )
        return found is not None

    async def end(
        self,
        connection: Connection,
        user_id: UUID,
        upload_id: UUID,
        writer: UUID,
        state: UploadState,
        problem: dict[str, Any] | None = None,
    ) -> None:
        """The finishing is over: a file was made, or it was refused because of `problem`.

        Raises:
            UploadTakenOverError: another finisher took over; it ends the upload.
        """
        found = await connection.fetchval(
            """UPDATE uploads SET state = $4, problem = $5, tail = NULL, writer = NULL, writer_until = NULL
               WHERE user_id = $1 AND upload_id = $2 AND writer = $3 AND state = 'finishing' RETURNING 1""",
            user_id,
            upload_id,
            writer,
            state,
            problem,
        )
        if found is None:
            raise UploadTakenOverError("Another process finishes this upload.")
        await connection.execute(
            "DELETE FROM upload_parts WHERE user_id = $1 AND upload_id = $2", user_id, upload_id
        )

    async def delete(self, connection: Connection, user_id: UUID, upload_id: UUID) -> Upload | None:
        """Removes the rows; the objects are the caller's to remove."""
        row = await connection.fetchrow(
            "DELETE FROM uploads WHERE user_id = $1 AND upload_id = $2 RETURNING *", user_id, upload_id
        )
        return _upload(row) if row else None

    async def next_expired(self, connection: Connection) -> Upload | None:
        """The upload longest past its time, locked; those that another sweeper has are passed over.

        For the service itself: it sees every user's.
        """
        row = await connection.fetchrow(
            """SELECT * FROM uploads WHERE expires_at < now() AND state <> 'finishing'
               ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED"""
        )
        return _upload(row) if row else None

    async def abandoned_finishing(self, connection: Connection, limit: int) -> list[Upload]:
        """Uploads whose finisher died. For the service itself: it sees every user's."""
        rows = await connection.fetch(
            """SELECT * FROM uploads WHERE state = 'finishing' AND writer_until < now()
               ORDER BY writer_until LIMIT $1""",
            limit,
        )
        return [_upload(row) for row in rows]


def _upload(row: asyncpg.Record) -> Upload:
    return Upload(
        upload_id=row["upload_id"],
        user_id=row["user_id"],
        resumable=row["resumable"],
        file_type=FileType(row["file_type"]),
        filename=row["filename"],
        metadata=row["metadata"],
        length=row["length"],
        offset=row["offset_bytes"],
        part_size=row["part_size"],
        multipart_id=row["multipart_id"],
        tail=ArtifactRef.model_validate(row["tail"]) if row["tail"] else None,
        state=UploadState(row["state"]),
        problem=row["problem"],
        expires_at=row["expires_at"],
        sha256=row["sha256"],
    )
