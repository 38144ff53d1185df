"""The HTTP interface of what administrators look at and set right."""

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Query

from octavia_gateway.admin.overview_schemas import (
    AdminJobPage,
    AdminUserPage,
    DeadLetterList,
    OverviewResponse,
    Replayed,
    ReplayLetters,
)
from octavia_gateway.auth.dependencies import CurrentAdmin
from octavia_gateway.capabilities.schemas import EngineResponse
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.jobs.schemas import ProcessResponse
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_moment, encode_cursor
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources
from octavia_gateway.videos.schemas import VideoResponse

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/v1/admin", tags=["admin"], route_class=IdempotentRoute)


@router.get("/overview", responses=problems(403))
async def get_overview(admin: CurrentAdmin, resources: CurrentResources) -> OverviewResponse:
    """What waits and for how long, how providers of videos do, and which engines are at work."""
    can = await resources.capabilities.current()
    return OverviewResponse(
        queues=await resources.overview.queues(),
        providers=await resources.overview.providers(),
        engines=[EngineResponse.of(engine) for engine in can.engines],
    )


@router.get("/users", responses=problems(403, 422))
async def list_users(
    admin: CurrentAdmin,
    resources: CurrentResources,
    q: Annotated[str, Query(max_length=254, description="A part of the e-mail address.")] = "",
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> AdminUserPage:
    """All accounts with their credits, newest first."""
    text = q.replace("\0", "").strip()
    found = await resources.overview.users(text, decode_moment(cursor), limit + 1)
    items, more = found[:limit], len(found) > limit
    return AdminUserPage(
        items=items, next_cursor=encode_cursor(items[-1].created_at, items[-1].id) if more else None
    )


@router.get("/jobs", responses=problems(403, 422))
async def list_all_jobs(
    admin: CurrentAdmin,
    resources: CurrentResources,
    language: ReaderLanguage,
    status: Annotated[list[JobStatus] | None, Query(max_length=10)] = None,
    user_id: UUID | None = None,
    stuck: Annotated[bool, Query(description="Only those at work that nothing is heard of.")] = False,
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> AdminJobPage:
    """Jobs of all users, newest first."""
    found = await resources.overview.jobs(
        statuses=[one.value for one in status or ()],
        user_id=user_id,
        stuck=stuck,
        before=decode_moment(cursor),
        limit=limit + 1,
        language=language,
    )
    items, more = found[:limit], len(found) > limit
    return AdminJobPage(
        items=items, next_cursor=encode_cursor(items[-1].created_at, items[-1].id) if more else None
    )


@router.post("/jobs/{job_id}/retry", status_code=202, responses=problems(402, 403, 404, 409, 422, 503))
async def retry_any_job(job_id: UUID, admin: CurrentAdmin, resources: CurrentResources) -> ProcessResponse:
    """Run a failed or cancelled job of anybody again; its owner's credits are held as for the owner's own
    try."""
    owner = await resources.overview.owner_of_job(job_id)
    job = await resources.jobs.process(owner, job_id)
    log.info("a job was run again", job_id=str(job_id), by=str(admin.user_id))
    return ProcessResponse(task_id=job.ref().hold_id)


@router.post("/videos/{video_id}/retry", status_code=202, responses=problems(402, 403, 404, 409, 422, 503))
async def retry_any_video(
    video_id: UUID, admin: CurrentAdmin, resources: CurrentResources, language: ReaderLanguage
) -> VideoResponse:
    """Have a failed or cancelled video of anybody made after all; its owner's credits are held."""
    owner = await resources.overview.owner_of_video(video_id)
    video = await resources.videos.making.retry(owner, video_id)
    log.info("a video was tried again", video_id=str(video_id), by=str(admin.user_id))
    return VideoResponse.of(video, language)


@router.get("/dead-letters", responses=problems(403, 422, 503))
async def list_dead_letters(
    admin: CurrentAdmin, resources: CurrentResources, limit: Limit = 50
) -> DeadLetterList:
    """What was given up on, newest first: where it came from, when and why."""
    return DeadLetterList(items=await resources.overview.dead_letters(limit))


@router.post("/dead-letters/replay", responses=problems(403, 422, 503))
async def replay_dead_letters(
    body: ReplayLetters, admin: CurrentAdmin, resources: CurrentResources
) -> Replayed:
    """Send dead letters back to the consumers that gave them up, once their cause is mended."""
    sent = await resources.overview.replay(set(body.offsets))
    log.info("dead letters were sent back", offsets=body.offsets, sent=sent, by=str(admin.user_id))
    return Replayed(sent=sent)
