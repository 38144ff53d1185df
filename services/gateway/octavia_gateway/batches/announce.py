"""What a user's streams are told of batches: how they stand once some of their jobs have changed."""

from collections.abc import Iterable
from uuid import UUID

from octavia_gateway.batches.models import Batch
from octavia_gateway.batches.repository import BatchesRepository
from octavia_gateway.batches.schemas import BatchResponse
from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft
from octavia_gateway.jobs.models import Job


def draft_of(batch: Batch) -> Draft:
    """The event that tells how the batch stands: `batch.ended` once none of its jobs goes on."""
    kind = "batch.ended" if batch.status.ended else "batch.updated"
    return Draft(batch.user_id, batch.batch_id, kind, BatchResponse.of(batch).model_dump_json())


async def drafts_of(connection: Connection, jobs: Iterable[Job]) -> list[Draft]:
    """What is to be told of the batches of these jobs, which are written already. As the service."""
    batch_ids: set[UUID] = {job.batch_id for job in jobs if job.batch_id is not None}
    if not batch_ids:
        return []
    return [draft_of(batch) for batch in await BatchesRepository().summed(connection, batch_ids)]
