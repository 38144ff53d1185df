"""The HTTP interface of editing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from octavia_gateway.auth.dependencies import CurrentUser, CurrentViewer
from octavia_gateway.editing.changes import DeleteLine
from octavia_gateway.editing.schemas import (
    ChangeSegment,
    ChangeSegments,
    GoBack,
    LanguageList,
    LanguageResponse,
    Number,
    RenderLanguages,
    RevisionList,
    RevisionResponse,
    SegmentsResponse,
)
from octavia_gateway.files.serving import SERVED, serve
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.jobs.options import LanguageTag
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/jobs", tags=["editing"], route_class=IdempotentRoute)

SegmentId = Annotated[str, Path(min_length=1, max_length=64)]
LanguageOf = Annotated[LanguageTag | None, Query(examples=["es"], description="By default the job's first.")]
_WRONG = problems(404, 409, 422)


@router.get("/{job_id}/segments", responses=_WRONG)
async def get_segments(
    job_id: UUID,
    user: CurrentUser,
    resources: CurrentResources,
    language: LanguageOf = None,
    revision: Annotated[Number | None, Query(description="The newest where none is named.")] = None,
) -> SegmentsResponse:
    """The lines of a finished dub in one language, or of a job that waits for review, as they are edited."""
    return SegmentsResponse.of(await resources.editing.table(user.user_id, job_id, language, revision))


@router.post("/{job_id}/segments", responses=_WRONG)
async def change_segments(
    job_id: UUID, body: ChangeSegments, user: CurrentUser, resources: CurrentResources
) -> SegmentsResponse:
    """Change, add, split, join, delete lines, or have them translated anew: up to 500 changes, all of them or
    none, as one revision."""
    table = await resources.editing.change(user.user_id, job_id, body.language, body.revision, body.changes)
    return SegmentsResponse.of(table)


@router.patch("/{job_id}/segments/{segment_id}", responses=_WRONG)
async def change_segment(
    job_id: UUID, segment_id: SegmentId, body: ChangeSegment, user: CurrentUser, resources: CurrentResources
) -> SegmentsResponse:
    """Change one line; where its `text` is null, the translator says it anew."""
    changes = body.changes(segment_id)
    table = await resources.editing.change(user.user_id, job_id, body.language, body.revision, changes)
    return SegmentsResponse.of(table)


@router.delete("/{job_id}/segments/{segment_id}", responses=_WRONG)
async def delete_segment(
    job_id: UUID,
    segment_id: SegmentId,
    user: CurrentUser,
    resources: CurrentResources,
    language: LanguageOf = None,
    revision: Annotated[
        Number | None, Query(description="The revision that you looked at; the newest where none is named.")
    ] = None,
) -> SegmentsResponse:
    """Take one line out."""
    table = await resources.editing.change(
        user.user_id, job_id, language, revision, [DeleteLine(id=segment_id)]
    )
    return SegmentsResponse.of(table)


@router.head("/{job_id}/segments/{segment_id}/audio", include_in_schema=False)
@router.get("/{job_id}/segments/{segment_id}/audio", response_class=Response, responses=SERVED)
async def get_segment_audio(
    request: Request,
    job_id: UUID,
    segment_id: SegmentId,
    user: CurrentViewer,
    resources: CurrentResources,
    language: LanguageOf = None,
) -> Response:
    """The voice of one line as it stands now, alone: a changed one as soon as it is spoken for the rendering
    that is on its way, long before the whole is put together (409 until then). Ranges are served."""
    sound = await resources.editing.sound(user.user_id, job_id, language, segment_id)
    return await serve(request, resources.store, sound, filename=f"{segment_id}.flac")


@router.get("/{job_id}/revisions", responses=_WRONG)
async def list_revisions(
    job_id: UUID, user: CurrentUser, resources: CurrentResources, language: LanguageOf = None
) -> RevisionList:
    """What was changed, and when."""
    found = await resources.editing.revisions(user.user_id, job_id, language)
    return RevisionList(items=[RevisionResponse.of(revision) for revision in found])


@router.post("/{job_id}/undo", responses=_WRONG)
async def undo(
    job_id: UUID, body: GoBack, user: CurrentUser, resources: CurrentResources
) -> SegmentsResponse:
    """Go back to an earlier revision. That is a revision, too, and can be undone."""
    table = await resources.editing.go_back(user.user_id, job_id, body.language, body.revision, body.to)
    return SegmentsResponse.of(table)


@router.get("/{job_id}/languages", responses=_WRONG)
async def list_languages(job_id: UUID, user: CurrentUser, resources: CurrentResources) -> LanguageList:
    """Where each language stands: whether its download is what its lines say."""
    standings = await resources.editing.languages(user.user_id, job_id)
    return LanguageList(items=[LanguageResponse.of(standing) for standing in standings])


@router.post("/{job_id}/render", status_code=202, responses=problems(404, 409, 422))
async def render(
    job_id: UUID, body: RenderLanguages, user: CurrentUser, resources: CurrentResources
) -> LanguageList:
    """Put together anew what is stale. Only changed lines are spoken again, and it costs nothing."""
    standings = await resources.editing.render(user.user_id, job_id, body.languages)
    return LanguageList(items=[LanguageResponse.of(standing) for standing in standings])
