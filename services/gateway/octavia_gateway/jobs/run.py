"""One run of a job, folded from events in whatever order they arrive.

Events of different topics overtake each other and may come twice. So every fact is kept as a set or
a flag that only grows, and what is shown is a function of the facts (see `view`): nothing depends on
which event came first. Pure: no clock, no SQL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from octavia_common.events import (
    ChunkSynthesized,
    ChunkTranscribed,
    ChunkTranslated,
    ChunkWritten,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    DetectedLanguage,
    EventData,
    JobAssembled,
    JobError,
    LanguageAssembled,
    MediaPlanned,
    Output,
    ReleaseReason,
)
from octavia_common.events.pipeline import ChunkLanguageEvent

from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.jobs.units import NO_UNITS, Units


@dataclass(frozen=True)
class Run:
    """The facts known of a run.

    `chunks` is None until the source is cut. `charged` is set once the hold is captured; the run is
    completed only when every language's output is known too, for then it can be downloaded.
    """

    languages: tuple[str, ...]
    status: JobStatus = JobStatus.QUEUED
    chunks: int | None = None
    detected: DetectedLanguage | None = None
    transcribed: Units = NO_UNITS
    translated: Units = NO_UNITS
    synthesized: Units = NO_UNITS
    outputs: Mapping[str, Output] = field(default_factory=dict)
    charged: int | None = None
    error: JobError | None = None
    cancel_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None


def apply(run: Run, event: EventData, at: datetime) -> Run:
    """The run after `event`, which happened `at`. An ended run stays as it is."""
    fold = _FOLDS.get(type(event))
    if fold is None or run.status.ended:
        return run
    return _settled(fold(run, event, at), at)


def _settled(run: Run, at: datetime) -> Run:
    if run.charged is None or any(language not in run.outputs for language in run.languages):
        return run
    return replace(run, status=JobStatus.COMPLETED, finished_at=at)


def _begun(run: Run, at: datetime) -> Run:
    started = at if run.started_at is None else min(run.started_at, at)
    return replace(run, status=JobStatus.PROCESSING, started_at=started)


def _reserved(run: Run, event: CreditsReserved, at: datetime) -> Run:
    return _begun(run, at)


def _rejected(run: Run, event: CreditsRejected, at: datetime) -> Run:
    return replace(run, status=JobStatus.FAILED, error=event.error, finished_at=at)


def _captured(run: Run, event: CreditsCaptured, at: datetime) -> Run:
    return replace(_begun(run, at), charged=event.amount)


def _released(run: Run, event: CreditsReleased, at: datetime) -> Run:
    if event.reason is ReleaseReason.CANCELLED:
        return replace(run, status=JobStatus.CANCELLED, finished_at=at)
    return replace(run, status=JobStatus.FAILED, error=event.error, finished_at=at)


def _planned(run: Run, event: MediaPlanned, at: datetime) -> Run:
    chunks = event.chunks if run.chunks is None else run.chunks
    return replace(_begun(run, at), chunks=chunks, detected=run.detected or event.detected)


def _chunk(run: Run, event: ChunkLanguageEvent, at: datetime) -> Run:
    run = _begun(run, at)
    if run.chunks is None:
        run = replace(run, chunks=event.chunk.total)
    if event.target_language not in run.languages:
        return run
    count = len(run.languages)
    unit = NO_UNITS.with_unit(event.chunk.index, run.languages.index(event.target_language), count)
    # A later stage's event proves the earlier stages, whose own events may still be on their way.
    run = replace(run, transcribed=run.transcribed.union(unit))
    if isinstance(event, (ChunkTranslated, ChunkSynthesized, ChunkWritten)):
        run = replace(run, translated=run.translated.union(unit))
    if isinstance(event, (ChunkSynthesized, ChunkWritten)):
        run = replace(run, synthesized=run.synthesized.union(unit))
    return run


def _language_assembled(run: Run, event: LanguageAssembled, at: datetime) -> Run:
    output = Output(target_language=event.target_language, media=event.media, result=event.result)
    return _with_outputs(_begun(run, at), (output,))


def _assembled(run: Run, event: JobAssembled, at: datetime) -> Run:
    return _with_outputs(_begun(run, at), event.outputs)


def _with_outputs(run: Run, outputs: tuple[Output, ...]) -> Run:
    known = {output.target_language: output for output in outputs if output.target_language in run.languages}
    return replace(run, outputs={**run.outputs, **known})


_FOLDS: dict[type[EventData], Callable[[Run, Any, datetime], Run]] = {
    CreditsReserved: _reserved,
    CreditsRejected: _rejected,
    CreditsCaptured: _captured,
    CreditsReleased: _released,
    MediaPlanned: _planned,
    ChunkTranscribed: _chunk,
    ChunkTranslated: _chunk,
    ChunkSynthesized: _chunk,
    ChunkWritten: _chunk,
    LanguageAssembled: _language_assembled,
    JobAssembled: _assembled,
}
