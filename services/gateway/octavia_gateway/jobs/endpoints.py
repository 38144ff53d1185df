"""The HTTP interface of jobs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from octavia_common.events import JobKind

from octavia_gateway.auth.dependencies import CurrentUser
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.jobs.schemas import (
    AddLanguages,
    CreateSubtitles,
    CreateTranslation,
    JobPage,
    JobResponse,
    ProcessResponse,
)
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.openapi import problems
from octavia_gateway.pagination import CursorQuery, Limit, decode_moment, encode_cursor
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=IdempotentRoute)


@router.post("/video-translate/create", status_code=201, responses=problems(404, 409, 422, 503))
async def create_video_translation(
    body: CreateTranslation, user: CurrentUser, resources: CurrentResources
) -> JobResponse:
    """Create a dubbing job over an uploaded video. It is quoted; nothing is held before it is processed."""
    return JobResponse.of(await resources.jobs.create(user.user_id, JobKind.VIDEO_TRANSLATE, body))


@router.post("/audio-translate/create", status_code=201, responses=problems(404, 409, 422, 503))
async def create_audio_translation(
    body: CreateTranslation, user: CurrentUser, resources: CurrentResources
) -> JobResponse:
    """Create a dubbing job over uploaded sound, such as a podcast; it comes back as it came, in another
    language. Quoted as a video is."""
    return JobResponse.of(await resources.jobs.create(user.user_id, JobKind.AUDIO_TRANSLATE, body))


@router.post("/subtitles/create", status_code=201, responses=problems(404, 409, 422, 503))
async def create_subtitles(
    body: CreateSubtitles, user: CurrentUser, resources: CurrentResources
) -> JobResponse:
    """Create a job that writes subtitles of an uploaded video or of sound, timed to its speech: in its own
    language, and in others. Half the price of a dub for each language, rounded up."""
    return JobResponse.of(await resources.jobs.create(user.user_id, JobKind.SUBTITLES, body))


@router.post("/subtitle-translate/create", status_code=201, responses=problems(404, 409, 422, 503))
async def create_subtitle_translation(
    body: CreateTranslation, user: CurrentUser, resources: CurrentResources
) -> JobResponse:
    """Create a job that translates an uploaded subtitle file; its form, times and styling stay. Priced as
    subtitles are, by when its last subtitle ends."""
    return JobResponse.of(await resources.jobs.create(user.user_id, JobKind.SUBTITLE_TRANSLATE, body))


@router.get("", responses=problems(422))
async def list_jobs(
    user: CurrentUser,
    resources: CurrentResources,
    language: ReaderLanguage,
    status: Annotated[list[JobStatus] | None, Query(max_length=10)] = None,
    kind: Annotated[list[JobKind] | None, Query(max_length=10)] = None,
    batch_id: UUID | None = None,
    limit: Limit = 20,
    cursor: CursorQuery = None,
) -> JobPage:
    """Your jobs, newest first."""
    jobs = await resources.jobs.page(
        user.user_id,
        statuses=status or [],
        kinds=kind or [],
        batch_id=batch_id,
        before=decode_moment(cursor),
        limit=limit + 1,
    )
    items, more = jobs[:limit], len(jobs) > limit
    return JobPage(
        items=[JobResponse.of(job, language) for job in items],
        next_cursor=encode_cursor(items[-1].created_at, items[-1].job_id) if more else None,
    )


@router.get("/{job_id}", responses=problems(404, 422))
async def get_job(
    job_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> JobResponse:
    """One job and how it stands. To follow it, `GET /api/v1/jobs/{id}/events` sends the same, live."""
    return JobResponse.of(await resources.jobs.get(user.user_id, job_id), language)


@router.post("/{job_id}/process", status_code=202, responses=problems(402, 404, 409, 422, 503))
async def process_job(job_id: UUID, user: CurrentUser, resources: CurrentResources) -> ProcessResponse:
    """Hold the quoted credits and begin. Also tries a failed or cancelled job again."""
    job = await resources.jobs.process(user.user_id, job_id)
    return ProcessResponse(task_id=job.ref().hold_id)


@router.post("/{job_id}/whole", status_code=201, responses=problems(404, 409, 422, 503))
async def create_whole(job_id: UUID, user: CurrentUser, resources: CurrentResources) -> JobResponse:
    """Create a job that makes the whole of what a preview shows the beginning of: the same file, languages,
    terms and wishes. It is quoted, less what was paid for the preview; nothing is held before it is
    processed."""
    return JobResponse.of(await resources.jobs.create_whole(user.user_id, job_id))


@router.post("/{job_id}/languages", status_code=202, responses=problems(402, 404, 409, 422, 503))
async def add_languages(
    job_id: UUID, body: AddLanguages, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> JobResponse:
    """Add languages to a finished job, or have those made that failed. Only these are worked on and paid for;
    what there is can be downloaded meanwhile."""
    job = await resources.jobs.add_languages(
        user.user_id, job_id, tuple(dict.fromkeys(body.target_languages)), body.max_credits
    )
    return JobResponse.of(job, language)


@router.post("/{job_id}/cancel", status_code=202, responses=problems(404, 409, 422))
async def cancel_job(job_id: UUID, user: CurrentUser, resources: CurrentResources) -> JobResponse:
    """Cancel the job; its credits come back. It is over once its status says so."""
    return JobResponse.of(await resources.jobs.cancel(user.user_id, job_id))


@router.delete("/{job_id}", status_code=204, responses=problems(404, 409, 422))
async def delete_job(job_id: UUID, user: CurrentUser, resources: CurrentResources) -> Response:
    """Delete a job that is not running, and the files made for it. The upload stays."""
    await resources.jobs.delete(user.user_id, job_id)
    return Response(status_code=204)
