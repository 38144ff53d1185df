"""Results of a job: the finished media, and what is said in it."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from octavia_common.documents import DubResult, QualityReport, Subtitles
from starlette.responses import JSONResponse, Response

from octavia_gateway.auth.dependencies import CurrentUser, CurrentViewer
from octavia_gateway.files import captions
from octavia_gateway.files.captions import SubtitleForm
from octavia_gateway.files.errors import ResultNotFoundError
from octavia_gateway.files.names import with_language
from octavia_gateway.files.results import Results, find_results
from octavia_gateway.files.schemas import SubtitleCheckResponse, TranscriptResponse
from octavia_gateway.files.serving import SERVED, serve, serve_made
from octavia_gateway.jobs.models import JobOutput
from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api/v1/jobs", tags=["results"])

_LANGUAGE = Query(min_length=2, max_length=35, description="Such as `es`; by default the job's first.")
LanguageQuery = Annotated[str | None, _LANGUAGE]

_SUBTITLES: dict[str, Any] = {form.media_type: {} for form in SubtitleForm}


class TranscriptFormat(StrEnum):
    """How a transcript is written."""

    JSON = "json"
    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"


@router.head("/{job_id}/download", include_in_schema=False)
@router.get("/{job_id}/download", response_class=Response, responses=SERVED)
async def download(
    request: Request,
    job_id: UUID,
    user: CurrentViewer,
    resources: CurrentResources,
    language: LanguageQuery = None,
) -> Response:
    """The finished file in one language, by its original name with the language added; ranges are served."""
    results = await find_results(resources.database, user.user_id, job_id)
    output = results.output(language)
    filename = with_language(results.filename, output.target_language, output.media.media_type)
    return await serve(
        request, resources.store, output.media, filename=filename, modified=results.finished_at
    )


@router.head("/{job_id}/audio", include_in_schema=False)
@router.get("/{job_id}/audio", response_class=Response, responses=SERVED)
async def audio(
    request: Request,
    job_id: UUID,
    user: CurrentViewer,
    resources: CurrentResources,
    language: LanguageQuery = None,
) -> Response:
    """What is spoken in one language, without the source's music and background; ranges are served."""
    results = await find_results(resources.database, user.user_id, job_id)
    output = results.output(language)
    document = await resources.store.read_document(output.result, DubResult)
    if document.speech_only is None:
        raise ResultNotFoundError("Nobody speaks in this video, so there is no voice of it.", languages=[])
    filename = with_language(results.filename, output.target_language, document.speech_only.media_type)
    return await serve(
        request, resources.store, document.speech_only, filename=filename, modified=results.finished_at
    )


@router.get(
    "/{job_id}/transcript",
    responses={
        **problems(409, 416),
        200: {"model": TranscriptResponse, "content": _SUBTITLES},
        206: {"content": _SUBTITLES, "description": "The part of the subtitles that was asked for."},
        304: {"description": "The subtitles that the client has."},
    },
)
async def transcript(
    request: Request,
    job_id: UUID,
    user: CurrentViewer,
    resources: CurrentResources,
    language: LanguageQuery = None,
    form: Annotated[TranscriptFormat, Query(alias="format")] = TranscriptFormat.JSON,
    both: Annotated[
        bool, Query(alias="bilingual", description="Subtitles with the other language below.")
    ] = False,
) -> Response:
    """What is said, in the source's language or a translation: as lines, or as subtitles of the result."""
    results = await find_results(resources.database, user.user_id, job_id)
    wanted = (language or results.first_language).lower()
    output = _output_with(results, wanted)
    document = await resources.store.read_document(output.result, DubResult)
    if form is TranscriptFormat.JSON:
        body = TranscriptResponse.of(job_id, wanted, document)
        return JSONResponse(body.model_dump(mode="json"), headers={"Cache-Control": "private, no-cache"})
    return await _subtitles(request, resources, results, document, wanted, SubtitleForm(form), both=both)


@router.get("/{job_id}/report", responses=problems(409))
async def report(
    job_id: UUID, user: CurrentViewer, resources: CurrentResources, language: LanguageQuery = None
) -> QualityReport:
    """How good a dub is, measured on what was put together: totals, and each line. Shares are from 0 to 1."""
    results = await find_results(resources.database, user.user_id, job_id)
    output = results.output(language)
    document = await resources.store.read_document(output.result, DubResult)
    if document.report is None:
        raise ResultNotFoundError(
            "There is no report of this result: nothing is spoken in it, or it was made before there were "
            "reports. A rendered one has its own.",
            languages=[],
        )
    return await resources.store.read_document(document.report, QualityReport)


@router.get("/{job_id}/subtitles/check", responses=problems(404, 409, 422))
async def check_subtitles(
    job_id: UUID, user: CurrentUser, resources: CurrentResources, language: LanguageQuery = None
) -> SubtitleCheckResponse:
    """Which rules of readable subtitles each cue keeps: width, lines, reading speed, length, gaps, order."""
    results = await find_results(resources.database, user.user_id, job_id)
    wanted = (language or results.first_language).lower()
    document = await resources.store.read_document(_output_with(results, wanted).result, DubResult)
    track = _track(document, wanted)
    cues, found, rules = await captions.checked(resources.store, document, track)
    return SubtitleCheckResponse.of(job_id, wanted, cues, found, rules)


def _output_with(results: Results, language: str) -> JobOutput:
    """The output that a language's lines are in: its own, or any for the source's."""
    own = {output.target_language for output in results.outputs}
    return results.output(None if language == results.source_language and language not in own else language)


def _track(document: DubResult, language: str) -> Subtitles:
    track = next((track for track in document.subtitles if track.language == language), None)
    if track is None:
        have = [track.language for track in document.subtitles]
        raise ResultNotFoundError(
            f"There are no subtitles in {language}; there are some in: {', '.join(have) or 'no language'}.",
            languages=have,
        )
    return track


async def _subtitles(
    request: Request,
    resources: CurrentResources,
    results: Results,
    document: DubResult,
    language: str,
    form: SubtitleForm,
    *,
    both: bool,
) -> Response:
    track = _track(document, language)
    other = document.target_language if language == document.source_language else document.source_language
    filename = with_language(results.filename, f"{language}-{other}" if both else language, form.media_type)
    made: bytes | None = None
    if both:
        made = await captions.bilingual(document, language, form)
    elif form is SubtitleForm.ASS:
        made = await captions.restyled(resources.store, track, form)
    if made is not None:
        return serve_made(request, made, media_type=form.media_type, filename=filename)
    kept = track.srt if form is SubtitleForm.SRT else track.vtt
    return await serve(
        request,
        resources.store,
        kept.model_copy(update={"media_type": form.media_type}),
        filename=filename,
        modified=results.finished_at,
    )
