"""Queries on remote uploads.

Whoever fetches one has a lease on it, named by a token; where the lease has run out another process takes
it, and nothing that the first one still writes is taken in.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from octavia_gateway.database import Connection
from octavia_gateway.files.models import FileType
from octavia_gateway.remote.errors import RemoteUploadGoneError, RemoteUploadNotFoundError
from octavia_gateway.remote.models import RemoteState, RemoteUpload

LEASE = timedelta(seconds=60)


class RemoteUploadsRepository:
    """The table `remote_uploads`."""

    async def add(
        self,
        connection: Connection,
        *,
        upload_id: UUID,
        user_id: UUID,
        url: str,
        shown_url: str,
        file_type: FileType,
        filename: str | None,
    ) -> RemoteUpload:
        """A new one, to be fetched by whoever is free."""
        row = await connection.fetchrow(
            """INSERT INTO remote_uploads (upload_id, user_id, url, shown_url, file_type, filename)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING *""",
            upload_id,
            user_id,
            url,
            shown_url,
            file_type,
            filename,
        )
        assert row is not None
        return _remote(row)

    async def get(self, connection: Connection, user_id: UUID, upload_id: UUID) -> RemoteUpload:
        """One of the user's.

        Raises:
            RemoteUploadNotFoundError: there is none, or it is another user's.
        """
        row = await connection.fetchrow(
            "SELECT * FROM remote_uploads WHERE user_id = $1 AND upload_id = $2", user_id, upload_id
        )
        if row is None:
            raise _not_found(upload_id)
        return _remote(row)

    async def unfinished(self, connection: Connection, user_id: UUID) -> int:
        """How many of the user's are still on their way."""
        return int(
            await connection.fetchval(
                """SELECT count(*) FROM remote_uploads
                   WHERE user_id = $1 AND state IN ('queued', 'receiving')""",
                user_id,
            )
        )

    async def delete(self, connection: Connection, user_id: UUID, upload_id: UUID) -> None:
        """Forgets it; whoever fetches it will notice.

        Raises:
            RemoteUploadNotFoundError: there is none, or it is another user's.
        """
        found = await connection.fetchval(
            "DELETE FROM remote_uploads WHERE user_id = $1 AND upload_id = $2 RETURNING 1", user_id, upload_id
        )
        if found is None:
            raise _not_found(upload_id)

    async def claim(
        self, connection: Connection, token: UUID, *, most_of_one_user: int
    ) -> RemoteUpload | None:
        """The one that waits longest and whose owner has not his share being fetched already.

        For the service itself: it sees every user's. One whose fetcher died waits too.
        """
        row = await connection.fetchrow(
            """UPDATE remote_uploads SET state = 'receiving', token = $1, leased_until = now() + $2,
                                         tries = tries + 1, received_bytes = 0, length = NULL
               WHERE upload_id = (
                 SELECT upload_id FROM remote_uploads waiting
                 WHERE ((state = 'queued' AND not_before <= now())
                        OR (state = 'receiving' AND leased_until < now()))
                   AND (SELECT count(*) FROM remote_uploads other
                        WHERE other.user_id = waiting.user_id AND other.state = 'receiving'
                          AND other.leased_until >= now()) < $3
                 ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
               RETURNING *""",
            token,
            LEASE,
            most_of_one_user,
        )
        return _remote(row) if row else None

    async def keep(
        self,
        connection: Connection,
        upload: RemoteUpload,
        token: UUID,
        *,
        received_bytes: int,
        length: int | None,
        filename: str | None,
    ) -> None:
        """Says how far it is, and keeps the lease.

        Raises:
            RemoteUploadGoneError: deleted, or taken over.
        """
        await self._change(
            connection,
            upload,
            token,
            "leased_until = now() + $4, received_bytes = $5, length = $6, filename = coalesce(filename, $7)",
            LEASE,
            received_bytes,
            length,
            filename,
        )

    async def finish(
        self,
        connection: Connection,
        upload: RemoteUpload,
        token: UUID,
        *,
        file_id: UUID,
        filename: str,
        size: int,
    ) -> None:
        """It became a file. The URL's query is forgotten.

        Raises:
            RemoteUploadGoneError: deleted, or taken over.
        """
        await self._change(
            connection,
            upload,
            token,
            """state = 'finished', file_id = $4, filename = $5, received_bytes = $6, length = $6,
               url = shown_url, token = NULL, leased_until = NULL, ended_at = now()""",
            file_id,
            filename,
            size,
        )

    async def reject(
        self, connection: Connection, upload: RemoteUpload, token: UUID, problem: dict[str, Any]
    ) -> None:
        """It will never be a file, because of `problem`. The URL's query is forgotten.

        Raises:
            RemoteUploadGoneError: deleted, or taken over.
        """
        await self._change(
            connection,
            upload,
            token,
            """state = 'rejected', problem = $4, url = shown_url, token = NULL, leased_until = NULL,
               ended_at = now()""",
            problem,
        )

    async def put_back(
        self, connection: Connection, upload: RemoteUpload, token: UUID, *, wait: timedelta, counts: bool
    ) -> None:
        """To be tried again after `wait`; `counts` is whether this try was one.

        Raises:
            RemoteUploadGoneError: deleted, or taken over.
        """
        await self._change(
            connection,
            upload,
            token,
            """state = 'queued', not_before = now() + $4, tries = tries - $5, token = NULL,
               leased_until = NULL""",
            wait,
            0 if counts else 1,
        )

    async def prune(self, connection: Connection, *, after: timedelta, limit: int) -> None:
        """Forgets those that ended some time ago; their files stay."""
        await connection.execute(
            """DELETE FROM remote_uploads WHERE upload_id IN (
                 SELECT upload_id FROM remote_uploads WHERE ended_at < now() - $1::interval
                 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)""",
            after,
            limit,
        )

    async def _change(
        self, connection: Connection, upload: RemoteUpload, token: UUID, change: str, *arguments: Any
    ) -> None:
        found = await connection.fetchval(
            f"""UPDATE remote_uploads SET {change}
                WHERE user_id = $1 AND upload_id = $2 AND token = $3 AND state = 'receiving' RETURNING 1""",  # noqa: S608 - constants
            upload.user_id,
            upload.upload_id,
            token,
            *arguments,
        )
        if found is None:
            raise RemoteUploadGoneError("This upload was deleted, or another process goes on with it.")


def _not_found(upload_id: UUID) -> RemoteUploadNotFoundError:
    return RemoteUploadNotFoundError(
        f"There is no upload {upload_id}; begin a new one with POST /api/v1/upload/from-url."
    )


def _remote(row: asyncpg.Record) -> RemoteUpload:
    return RemoteUpload(
        upload_id=row["upload_id"],
        user_id=row["user_id"],
        url=row["url"],
        shown_url=row["shown_url"],
        file_type=FileType(row["file_type"]),
        filename=row["filename"],
        state=RemoteState(row["state"]),
        tries=row["tries"],
        received_bytes=row["received_bytes"],
        length=row["length"],
        file_id=row["file_id"],
        problem=row["problem"],
        created_at=row["created_at"],
    )
