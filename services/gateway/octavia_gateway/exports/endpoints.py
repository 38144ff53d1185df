"""The HTTP interface of exports."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from octavia_gateway.auth.dependencies import CurrentUser, CurrentViewer
from octavia_gateway.exports.models import Export
from octavia_gateway.exports.schemas import ExportList, ExportRequest, ExportResponse
from octavia_gateway.files.names import with_language
from octavia_gateway.files.serving import SERVED, serve
from octavia_gateway.idempotency import IdempotentRoute
from octavia_gateway.openapi import problems
from octavia_gateway.reader import ReaderLanguage
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/jobs", tags=["exports"], route_class=IdempotentRoute)


@router.post("/{job_id}/exports", status_code=202, responses=problems(404, 409, 422))
async def begin_export(
    job_id: UUID,
    body: ExportRequest,
    user: CurrentUser,
    resources: CurrentResources,
    language: ReaderLanguage,
) -> ExportResponse:
    """Have another file made of a finished job. It costs nothing, and is made once: the same wish for the
    same results answers with the export that is there."""
    export = await resources.exports.begin(user.user_id, job_id, body)
    return ExportResponse.of(export, stale=False, language=language)


@router.get("/{job_id}/exports", responses=problems(404, 422))
async def list_exports(
    job_id: UUID, user: CurrentUser, resources: CurrentResources, language: ReaderLanguage
) -> ExportList:
    """What can be made of a job, and what was, the newest first."""
    found = await resources.exports.all_of(user.user_id, job_id)
    return ExportList(
        containers={kind: list(containers) for kind, containers in found.possible.items()},
        items=[
            ExportResponse.of(export, stale=export.is_stale(found.outputs), language=language)
            for export in found.items
        ],
    )


@router.get("/{job_id}/exports/{export_id}", responses=problems(404, 422))
async def get_export(
    job_id: UUID,
    export_id: UUID,
    user: CurrentUser,
    resources: CurrentResources,
    language: ReaderLanguage,
) -> ExportResponse:
    """One export and where it stands."""
    job, export = await resources.exports.get(user.user_id, job_id, export_id)
    return ExportResponse.of(export, stale=export.is_stale(job.outputs), language=language)


@router.head("/{job_id}/exports/{export_id}/download", include_in_schema=False)
@router.get(
    "/{job_id}/exports/{export_id}/download",
    response_class=Response,
    responses=SERVED,
)
async def download_export(
    request: Request, job_id: UUID, export_id: UUID, user: CurrentViewer, resources: CurrentResources
) -> Response:
    """The file; ranges are served."""
    job, export = await resources.exports.finished(user.user_id, job_id, export_id)
    assert export.media is not None
    filename = with_language(job.spec.source_filename, _named(export), export.media.media_type)
    return await serve(
        request,
        resources.store,
        export.media,
        filename=filename,
        modified=export.finished_at or export.created_at,
    )


MOST_NAMED = 5
"""Languages that the name of a file tells."""


def _named(export: Export) -> str:
    """What tells the file from the job's other ones: `es-fr.tracks`, `es.burnt`."""
    languages = "-".join(export.languages) if len(export.languages) <= MOST_NAMED else "all"
    return f"{languages}.{export.kind.value}"
