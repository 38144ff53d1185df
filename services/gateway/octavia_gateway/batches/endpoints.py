"""The HTTP interface of batches."""

from uuid import UUID

from fastapi import APIRouter, Request

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.batches.schemas import BatchCreated, BatchPage, BatchResponse, CreateBatch
from octavia_gateway.bodies import bounded
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_moment, encode_cursor
from octavia_gateway.resources import CurrentResources

LARGEST_BATCH_BYTES = 1024 * 1024
"""A hundred jobs with options of their own; long glossaries are kept as lists and named."""


class BatchRoute(IdempotentRoute):
    """A route whose body may hold a hundred jobs."""

    def prepared(self, request: Request) -> Request:
        """The request as the handler gets it."""
        return bounded(request, LARGEST_BATCH_BYTES)


router = APIRouter(prefix="/api/v1/batches", tags=["batches"], route_class=BatchRoute)


@router.post("", status_code=201, responses=problems(404, 409, 422, 503))
async def create_batch(body: CreateBatch, user: CurrentUser, resources: CurrentResources) -> BatchCreated:
    """Create jobs over up to 100 files, all or none; each is quoted, and all together. Where one cannot be
    done, `item` says which (from 0). Nothing is held before the batch is processed."""
    return BatchCreated.made(*await resources.batches.create(user.user_id, body))


@router.get("", responses=problems(422))
async def list_batches(
    user: CurrentUser, resources: CurrentResources, limit: Limit = 20, cursor: CursorQuery = None
) -> BatchPage:
    """Your batches, newest first."""
    found = await resources.batches.page(user.user_id, before=decode_moment(cursor), limit=limit + 1)
    items, more = found[:limit], len(found) > limit
    return BatchPage(
        items=[BatchResponse.of(batch) for batch in items],
        next_cursor=encode_cursor(items[-1].created_at, items[-1].batch_id) if more else None,
    )


@router.get("/{batch_id}", responses=problems(404, 422))
async def get_batch(batch_id: UUID, user: CurrentUser, resources: CurrentResources) -> BatchResponse:
    """One batch and how it stands. To follow it, `GET /api/v1/batches/{id}/events` sends the same, live."""
    return BatchResponse.of(await resources.batches.get(user.user_id, batch_id))


@router.post("/{batch_id}/process", status_code=202, responses=problems(402, 404, 409, 422, 503))
async def process_batch(batch_id: UUID, user: CurrentUser, resources: CurrentResources) -> BatchResponse:
    """Hold the credits of all its jobs, or of none, and begin. Also tries those again that failed."""
    return BatchResponse.of(await resources.batches.process(user.user_id, batch_id))


@router.post("/{batch_id}/cancel", status_code=202, responses=problems(404, 409, 422))
async def cancel_batch(batch_id: UUID, user: CurrentUser, resources: CurrentResources) -> BatchResponse:
    """Cancel every job of it that has not ended; their credits come back."""
    return BatchResponse.of(await resources.batches.cancel(user.user_id, batch_id))
