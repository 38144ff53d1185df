"""What the join does with each event. Any order, any duplicates: each conclusion is drawn once."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from octavia_common.events import (
    AssemblyRequested,
    ChunkSynthesized,
    ChunkWritten,
    CloudEvent,
    EventData,
    JobAssembled,
    JobEvent,
    JobFailed,
    LanguageAssembled,
    LanguageFailed,
    MediaPlanned,
)
from octavia_common.telemetry.tracing import joined, traceparent_of

from octavia_assembler.join.repository import CompleteLanguage, CompleteRun, JoinRepository

KEPT_DAYS = 8
"""Rows of a run that never ended go after this long: a day more than the topics keep events."""


class JoinPlans:
    """Consumes media.planned. A plan that comes last, or has no chunks, completes its languages.

    The second plan of a run, behind a review, says nothing new here: the first one stands.
    """

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        planned = [
            event.data for event in events if isinstance(event.data, MediaPlanned) and not event.data.released
        ]
        holds = [event.job.hold_id for event in planned]
        repository = JoinRepository(connection)
        await repository.lock(holds)
        await repository.add_plans(planned)
        complete = await repository.claim_complete_languages(holds)
        requests = [request(language, after=_latest(events, language)) for language in complete]
        return [*requests, *await _ended(repository, holds)]


class JoinChunks:
    """Consumes chunks.synthesized. The last chunk of a language to arrive starts its assembly."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        through = [event for event in events if isinstance(event.data, (ChunkSynthesized, ChunkWritten))]
        spoken = [event.data for event in through]
        traces = [traceparent_of(event.id) for event in through]
        holds = [event.job.hold_id for event in spoken]
        repository = JoinRepository(connection)
        await repository.lock(holds)
        await repository.add_chunks(spoken, traces)
        complete = await repository.claim_complete_languages(holds)
        return [request(language, after=_latest(events, language)) for language in complete]


class JoinLanguages:
    """Consumes media.assembled. The last language to come in, or to fail, ends the job.

    What is told first of a language stands.
    """

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        told: dict[tuple[UUID, str], LanguageAssembled | LanguageFailed] = {}
        for event in events:
            if isinstance(event.data, LanguageAssembled | LanguageFailed):
                told.setdefault((event.data.job.hold_id, event.data.target_language), event.data)
        failed = [each for each in told.values() if isinstance(each, LanguageFailed)]
        holds = {hold_id for hold_id, _ in told}
        repository = JoinRepository(connection)
        # A failure may overtake the plan; what is assembled was asked for by it.
        await repository.open(each.job.hold_id for each in failed)
        known = await repository.lock_existing(holds)
        await repository.add_failed(failed)
        assembled = [each for each in told.values() if isinstance(each, LanguageAssembled)]
        await repository.add_assembled(assembled)
        return await _ended(repository, known)


class ForgetRuns:
    """Consumes credits.resolved: a run whose hold is resolved needs its rows no more."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        holds = [event.data.job.hold_id for event in events if isinstance(event.data, JobEvent)]
        repository = JoinRepository(connection)
        await repository.lock_existing(holds)
        await repository.forget(holds)
        await repository.forget_older_than(KEPT_DAYS)
        return []


async def _ended(repository: JoinRepository, holds: Iterable[UUID]) -> list[EventData]:
    """How those of the runs end that have just become complete.

    A rendering of an edited language ends no job: it has no hold to be captured, and is over at once.
    """
    complete = await repository.claim_complete_runs(holds)
    await repository.forget(run.job.hold_id for run in complete if run.render)
    return [_ending(run) for run in complete if not run.render]


def _ending(run: CompleteRun) -> JobAssembled | JobFailed:
    """What there is, and what is missing; a job of which nothing could be made has failed."""
    if run.outputs or not run.failed:
        return JobAssembled(job=run.job, outputs=run.outputs, failed=run.failed)
    return JobFailed(job=run.job, error=run.failed[0].error)


def request(language: CompleteLanguage, *, after: str) -> AssemblyRequested:
    """The event that starts the assembly of a language; the trace shows what was joined.

    `after` is the trace of the event that completed it.
    """
    joined(
        "join",
        after=after,
        of=language.traces,
        attributes={
            "octavia.subject": str(language.job.job_id),
            "octavia.language": language.target_language,
            "octavia.chunks": len(language.speech),
        },
    )
    return AssemblyRequested(
        job=language.job,
        spec=language.spec,
        target_language=language.target_language,
        plan=language.plan,
        speech=language.speech,
    )


def _latest(events: Sequence[CloudEvent[Any]], language: CompleteLanguage) -> str:
    """The trace of the last event of the batch that is about the language's run."""
    return next(
        (
            traceparent_of(event.id)
            for event in reversed(events)
            if isinstance(event.data, JobEvent) and event.data.job.hold_id == language.job.hold_id
        ),
        "",
    )
