"""The HTTP interface of reviews; the lines themselves are edited as those of a finished job are."""

from uuid import UUID

from fastapi import APIRouter

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.jobs.schemas import JobResponse
from octavia_gateway.openapi import problems
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/jobs", tags=["editing"], route_class=IdempotentRoute)


@router.post("/{job_id}/release", status_code=202, responses=problems(404, 409, 422))
async def release_job(
    job_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> JobResponse:
    """Let a job go on that waits for review, with its lines as they are now."""
    return JobResponse.of(await resources.reviews.release(user.user_id, job_id), language)
