"""What the join does with each event. Any order, any duplicates: each conclusion is drawn once."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import (
    AssemblyRequested,
    ChunkSynthesized,
    ChunkWritten,
    CloudEvent,
    EventData,
    JobAssembled,
    JobEvent,
    LanguageAssembled,
    MediaPlanned,
)
from octavia_common.telemetry.tracing import joined, traceparent_of

from octavia_assembler.join.repository import CompleteLanguage, JoinRepository

KEPT_DAYS = 8
"""Rows of a run that never ended go after this long: a day more than the topics keep events."""


class JoinPlans:
    """Consumes media.planned. A plan that comes last, or has no chunks, completes its languages."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        planned = [event.data for event in events if isinstance(event.data, MediaPlanned)]
        holds = [event.job.hold_id for event in planned]
        repository = JoinRepository(connection)
        await repository.lock(holds)
        await repository.add_plans(planned)
        complete = await repository.claim_complete_languages(holds)
        return [request(language, after=_latest(events, language)) for language in complete]


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
    """Consumes media.assembled. The last language to come in finishes the job.

    A rendering of an edited language ends no job: it has no hold to be captured, and is over at once.
    """

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        assembled = [event.data for event in events if isinstance(event.data, LanguageAssembled)]
        holds = [event.job.hold_id for event in assembled]
        repository = JoinRepository(connection)
        known = await repository.lock_existing(holds)
        await repository.add_assembled(assembled)
        complete = await repository.claim_complete_runs(known)
        await repository.forget(run.job.hold_id for run in complete if run.render)
        return [JobAssembled(job=run.job, outputs=run.outputs) for run in complete if not run.render]


class ForgetRuns:
    """Consumes credits.resolved: a run whose hold is resolved needs its rows no more."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        holds = [event.data.job.hold_id for event in events if isinstance(event.data, JobEvent)]
        repository = JoinRepository(connection)
        await repository.lock_existing(holds)
        await repository.forget(holds)
        await repository.forget_older_than(KEPT_DAYS)
        return []


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
