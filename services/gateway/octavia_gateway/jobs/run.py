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
    AUTO,
    ArtifactRef,
    ChunkHeld,
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
    LanguageFailed,
    MediaPlanned,
    Output,
    ReleaseReason,
)
from octavia_common.events.pipeline import ChunkLanguageEvent

from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.jobs.units import NO_UNITS, Units, every_unit, whole_language

CANCELLED = JobError(code="cancelled", message="It was cancelled before it was made.", stage="gateway")
"""Why a language is missing that was added to a finished job, and then not wanted."""


@dataclass(frozen=True)
class Run:
    """The facts known of a run.

    `chunks` is None until the source is cut. `charged` is set once the hold is captured; the run has ended
    only when each of its languages is known to be there or to have failed, for then all there is can be
    downloaded.

    A run that adds `languages` to a finished job begins with what earlier runs left: their results (`kept`),
    the languages that they could not make (in `failed`), and what was paid (`charged_before`).

    A run whose only language is the source's own (`auto`) takes its name from the first event that tells it.
    """

    languages: tuple[str, ...]
    status: JobStatus = JobStatus.QUEUED
    chunks: int | None = None
    plan: ArtifactRef | None = None
    detected: DetectedLanguage | None = None
    transcribed: Units = NO_UNITS
    translated: Units = NO_UNITS
    synthesized: Units = NO_UNITS
    held: Units = NO_UNITS
    review_ended: bool = False
    outputs: Mapping[str, Output] = field(default_factory=dict)
    failed: Mapping[str, JobError] = field(default_factory=dict)
    kept: Mapping[str, Output] = field(default_factory=dict)
    charged: int | None = None
    charged_before: int = 0
    error: JobError | None = None
    cancel_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def delivered(self) -> Mapping[str, Output]:
        """What is paid for and can be downloaded: of earlier runs, and of this one once it has ended."""
        return {**self.kept, **self.outputs} if self.status.delivered else self.kept

    @property
    def ended_languages(self) -> set[str]:
        """Languages of this run that are there, or will never be."""
        return {
            language for language in self.languages if language in self.outputs or language in self.failed
        }

    @property
    def waits_for_review(self) -> bool:
        """Whether all that can be made before a person has looked at it is made."""
        if self.review_ended or self.chunks is None or not self.held.count():
            return False
        count = len(self.languages)
        settled = self.held
        for place, language in enumerate(self.languages):
            if language in self.failed:
                settled = settled.union(whole_language(place, count, self.chunks))
        return settled.covers(every_unit(count, self.chunks))


def apply(run: Run, event: EventData, at: datetime) -> Run:
    """The run after `event`, which happened `at`. An ended run stays as it is."""
    fold = _FOLDS.get(type(event))
    if fold is None or run.status.ended:
        return run
    return _settled(fold(_named(run, event), event, at), at)


def _named(run: Run, event: EventData) -> Run:
    if run.languages != (AUTO,):
        return run
    if isinstance(event, MediaPlanned):
        told = list(event.spec.target_languages)
    elif isinstance(event, JobAssembled):
        told = [output.target_language for output in event.outputs]
        told += [failed.target_language for failed in event.failed]
    else:
        told = [getattr(event, "target_language", None) or AUTO]
    return replace(run, languages=tuple(told[:1]) or run.languages)


def _settled(run: Run, at: datetime) -> Run:
    if run.status.ended:
        return run
    if run.charged is not None and len(run.ended_languages) == len(run.languages):
        status = JobStatus.PARTIALLY_COMPLETED if run.failed else JobStatus.COMPLETED
        return replace(run, status=status, finished_at=at)
    if run.status is JobStatus.PROCESSING and run.waits_for_review:
        return replace(run, status=JobStatus.REVIEW)
    return run


def _begun(run: Run, at: datetime) -> Run:
    started = at if run.started_at is None else min(run.started_at, at)
    return replace(run, status=JobStatus.PROCESSING, started_at=started)


def _reserved(run: Run, event: CreditsReserved, at: datetime) -> Run:
    return _begun(run, at)


def _rejected(run: Run, event: CreditsRejected, at: datetime) -> Run:
    return _undelivered(run, JobStatus.FAILED, event.error, at)


def _captured(run: Run, event: CreditsCaptured, at: datetime) -> Run:
    return replace(_begun(run, at), charged=event.amount)


def _released(run: Run, event: CreditsReleased, at: datetime) -> Run:
    if event.reason is ReleaseReason.CANCELLED:
        return _undelivered(run, JobStatus.CANCELLED, None, at)
    return _undelivered(run, JobStatus.FAILED, event.error, at)


def _undelivered(run: Run, status: JobStatus, error: JobError | None, at: datetime) -> Run:
    """The end of a run that nothing is paid for; what earlier runs delivered stays."""
    if not run.kept:
        return replace(run, status=status, error=error, finished_at=at)
    missing = {language: run.failed.get(language) or error or CANCELLED for language in run.languages}
    return replace(
        run,
        status=JobStatus.PARTIALLY_COMPLETED,
        outputs={},
        failed={**run.failed, **missing},
        finished_at=at,
    )


def _planned(run: Run, event: MediaPlanned, at: datetime) -> Run:
    run = _begun(run, at)
    if event.released:
        return run
    chunks = event.chunks if run.chunks is None else run.chunks
    return replace(run, chunks=chunks, plan=run.plan or event.plan, detected=run.detected or event.detected)


def _chunk(run: Run, event: ChunkLanguageEvent, at: datetime) -> Run:
    run = _begun(run, at)
    if run.chunks is None:
        run = replace(run, chunks=event.chunk.total)
    unit = _units(run, event.chunk.index, event.target_language)
    # A later stage's event proves the earlier stages, whose own events may still be on their way.
    run = replace(run, transcribed=run.transcribed.union(unit))
    if isinstance(event, (ChunkTranslated, ChunkSynthesized, ChunkWritten)):
        run = replace(run, translated=run.translated.union(unit))
    if isinstance(event, (ChunkSynthesized, ChunkWritten)):
        run = replace(run, synthesized=run.synthesized.union(unit))
    return run


def _held(run: Run, event: ChunkHeld, at: datetime) -> Run:
    run = _begun(run, at)
    if run.chunks is None:
        run = replace(run, chunks=event.chunk.total)
    unit = _units(run, event.chunk.index, event.target_language)
    run = replace(run, held=run.held.union(unit), transcribed=run.transcribed.union(unit))
    return run if event.translation is None else replace(run, translated=run.translated.union(unit))


def _units(run: Run, chunk: int, language: str | None) -> Units:
    """One chunk in one language, or (None) in all of them; nothing of a language that was not asked for."""
    count = len(run.languages)
    units = NO_UNITS
    for place, each in enumerate(run.languages):
        if language in (None, each):
            units = units.with_unit(chunk, place, count)
    return units


def _language_assembled(run: Run, event: LanguageAssembled, at: datetime) -> Run:
    run = _begun(run, at)
    if event.target_language in run.ended_languages:
        return run
    output = Output(target_language=event.target_language, media=event.media, result=event.result)
    return _with_outputs(run, (output,))


def _language_failed(run: Run, event: LanguageFailed, at: datetime) -> Run:
    run = _begun(run, at)
    if event.target_language not in run.languages or event.target_language in run.ended_languages:
        return run
    return replace(run, failed={**run.failed, event.target_language: event.error})


def _assembled(run: Run, event: JobAssembled, at: datetime) -> Run:
    """The join's word: it counts, whatever was told of single languages before."""
    former = {language: why for language, why in run.failed.items() if language not in run.languages}
    failed = {each.target_language: each.error for each in event.failed}
    delivered = {output.target_language for output in event.outputs}
    kept = {language: output for language, output in run.outputs.items() if language in delivered}
    run = replace(_begun(run, at), failed={**former, **failed}, outputs=kept)
    return _with_outputs(run, event.outputs)


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
    ChunkHeld: _held,
    LanguageAssembled: _language_assembled,
    LanguageFailed: _language_failed,
    JobAssembled: _assembled,
}
