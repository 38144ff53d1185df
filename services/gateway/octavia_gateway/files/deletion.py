"""A file goes: its row and its object, unless a job still needs it."""

from uuid import UUID

from octavia_common.artifacts import ArtifactStore

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.errors import FileInUseError
from octavia_gateway.files.repository import FilesRepository


async def delete_file(database: GatewayDatabase, store: ArtifactStore, user_id: UUID, file_id: UUID) -> None:
    """Deletes a file of the user.

    Raises:
        FileNotFoundHereError: there is none, or it is another user's.
        FileInUseError: a job or video that has not ended works, or is about to work, on it.
    """
    files = FilesRepository()
    async with database.user_transaction(user_id) as connection:
        await files.lock(connection, user_id, file_id)  # nobody can make a job of it from here on
        jobs = await files.jobs_in_need(connection, user_id, file_id)
        if jobs:
            raise FileInUseError(
                "A job or video that has not ended needs this file; cancel or delete that first.",
                job_ids=[str(job_id) for job_id in jobs],
            )
        record = await files.delete(connection, user_id, file_id)
        # Within the transaction: where the store is away the file stays, and can be deleted again.
        await store.delete([record.artifact.key])
