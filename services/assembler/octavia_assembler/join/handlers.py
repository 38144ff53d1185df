"""What the join does with each event. Any order, any duplicates: each conclusion is drawn once."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import (
    AssemblyRequested,
    ChunkSynthesized,
    CloudEvent,
    EventData,
    JobAssembled,
    JobEvent,
    LanguageAssembled,
    MediaPlanned,
)

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
        return [request(language) for language in await repository.claim_complete_languages(holds)]


class JoinChunks:
    """Consumes chunks.synthesized. The last chunk of a language to arrive starts its assembly."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        spoken = [event.data for event in events if isinstance(event.data, ChunkSynthesized)]
        holds = [event.job.hold_id for event in spoken]
        repository = JoinRepository(connection)
        await repository.lock(holds)
        await repository.add_chunks(spoken)
        return [request(language) for language in await repository.claim_complete_languages(holds)]


class JoinLanguages:
    """Consumes media.assembled. The last language to come in finishes the job."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        assembled = [event.data for event in events if isinstance(event.data, LanguageAssembled)]
        holds = [event.job.hold_id for event in assembled]
        repository = JoinRepository(connection)
        known = await repository.lock_existing(holds)
        await repository.add_assembled(assembled)
        return [
            JobAssembled(job=run.job, outputs=run.outputs)
            for run in await repository.claim_complete_runs(known)
        ]


class ForgetRuns:
    """Consumes credits.resolved: a run whose hold is resolved needs its rows no more."""

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        holds = [event.data.job.hold_id for event in events if isinstance(event.data, JobEvent)]
        repository = JoinRepository(connection)
        await repository.lock_existing(holds)
        await repository.forget(holds)
        await repository.forget_older_than(KEPT_DAYS)
        return []


def request(language: CompleteLanguage) -> AssemblyRequested:
    """The event that starts the assembly of a language."""
    return AssemblyRequested(
        job=language.job,
        spec=language.spec,
        target_language=language.target_language,
        plan=language.plan,
        speech=language.speech,
    )
