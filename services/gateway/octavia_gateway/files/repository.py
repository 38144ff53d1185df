"""Queries on files. Every one names the user, and row level security stands behind it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from octavia_gateway.database import Connection
from octavia_gateway.files.errors import FileNotFoundHereError
from octavia_gateway.files.models import FileMedia, FileRecord, FileType
from octavia_gateway.retention.in_use import JOB_AT_WORK, VIDEO_AT_WORK


class FilesRepository:
    """The table `files`."""

    async def add(self, connection: Connection, record: FileRecord) -> None:
        """A new file."""
        await connection.execute(
            """INSERT INTO files (file_id, user_id, file_type, filename, media_type, size_bytes, sha256,
                                  media, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            record.file_id,
            record.user_id,
            record.file_type,
            record.filename,
            record.media_type,
            record.size_bytes,
            record.sha256,
            record.media.model_dump(mode="json"),
            record.created_at,
        )

    async def get(
        self, connection: Connection, user_id: UUID, file_id: UUID, *, keep: bool = False
    ) -> FileRecord:
        """A file of the user.

        With `keep` it cannot be deleted until the transaction ends: for whoever is about to refer to it.

        Raises:
            FileNotFoundHereError: there is none, or it is another user's.
        """
        lock = "FOR KEY SHARE" if keep else ""
        row = await connection.fetchrow(
            f"SELECT * FROM files WHERE user_id = $1 AND file_id = $2 {lock}",  # noqa: S608 - a constant
            user_id,
            file_id,
        )
        if row is None:
            raise not_found(file_id)
        return _record(row)

    async def exists(self, connection: Connection, user_id: UUID, file_id: UUID) -> bool:
        """Whether the user has this file."""
        found = await connection.fetchval(
            "SELECT 1 FROM files WHERE user_id = $1 AND file_id = $2", user_id, file_id
        )
        return found is not None

    async def page(
        self, connection: Connection, user_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[FileRecord]:
        """The user's files, newest first, after the position `before` of an earlier page."""
        rows = await connection.fetch(
            """SELECT * FROM files
               WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, file_id) < ($2, $3))
               ORDER BY created_at DESC, file_id DESC LIMIT $4""",
            user_id,
            *(before or (None, None)),
            limit,
        )
        return [_record(row) for row in rows]

    async def delete(self, connection: Connection, user_id: UUID, file_id: UUID) -> FileRecord:
        """Removes the row; the object is the caller's to remove once this is committed.

        Raises:
            FileNotFoundHereError: there is none, or it is another user's.
        """
        row = await connection.fetchrow(
            "DELETE FROM files WHERE user_id = $1 AND file_id = $2 RETURNING *", user_id, file_id
        )
        if row is None:
            raise not_found(file_id)
        return _record(row)

    async def lock(self, connection: Connection, user_id: UUID, file_id: UUID) -> None:
        """Until the transaction ends nobody else can `keep` or delete the file.

        Raises:
            FileNotFoundHereError: there is none, or it is another user's.
        """
        found = await connection.fetchval(
            "SELECT 1 FROM files WHERE user_id = $1 AND file_id = $2 FOR UPDATE", user_id, file_id
        )
        if found is None:
            raise not_found(file_id)

    async def jobs_in_need(self, connection: Connection, user_id: UUID, file_id: UUID) -> list[UUID]:
        """Jobs and videos on the file that have not ended, at most ten."""
        rows = await connection.fetch(
            f"""SELECT job_id FROM (
                   SELECT job_id, created_at FROM jobs
                   WHERE user_id = $1 AND $2 IN (file_id, subtitle_file_id) AND deleted_at IS NULL
                     AND (status = 'pending' OR {JOB_AT_WORK})
                   UNION ALL
                   SELECT video_id, created_at FROM videos
                   WHERE user_id = $1 AND file_id = $2 AND {VIDEO_AT_WORK}
               ) AS needing
               ORDER BY created_at LIMIT 10""",  # noqa: S608 - constants
            user_id,
            file_id,
        )
        return [row["job_id"] for row in rows]

    async def bytes_kept(self, connection: Connection, user_id: UUID) -> int:
        """Bytes of all of the user's files and of the uploads that are still to become one."""
        return int(
            await connection.fetchval(
                """SELECT coalesce((SELECT sum(size_bytes) FROM files WHERE user_id = $1), 0)
                   + coalesce((SELECT sum(length) FROM uploads
                               WHERE user_id = $1 AND state IN ('receiving', 'finishing')), 0)""",
                user_id,
            )
        )


def not_found(file_id: UUID) -> FileNotFoundHereError:
    """The error for a file that is not this user's, whoever's it may be."""
    return FileNotFoundHereError(
        f"There is no file {file_id}. Upload the file, or list yours with GET /api/v1/files.",
        file_id=str(file_id),
    )


def _record(row: asyncpg.Record) -> FileRecord:
    return FileRecord(
        file_id=row["file_id"],
        user_id=row["user_id"],
        file_type=FileType(row["file_type"]),
        filename=row["filename"],
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        media=FileMedia.model_validate(row["media"]),
        created_at=row["created_at"],
    )
