"""A run of a job as a time line: what was made when, and by which worker. Pure; `octavia job trace` reads it.

Times are of the clocks of the workers themselves, in seconds since the epoch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from octavia_common.events import (
    AssemblyRequested,
    ChunkReleased,
    ChunkSpoken,
    ChunkSynthesized,
    ChunkTranscribed,
    ChunkTranslated,
    ChunkWritten,
    CloudEvent,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    EventData,
    JobAssembled,
    JobCancelled,
    JobFailed,
    JobSubmitted,
    LanguageAssembled,
    LanguageFailed,
    MediaPlanned,
)
from octavia_common.messaging.headers import Made

MILESTONES: Mapping[type[EventData], str] = {
    JobSubmitted: "submitted",
    CreditsReserved: "credits held",
    CreditsRejected: "credits refused",
    MediaPlanned: "planned",
    LanguageFailed: "a language failed",
    JobAssembled: "all languages ready",
    JobFailed: "failed",
    JobCancelled: "cancelled",
    CreditsCaptured: "credits captured",
    CreditsReleased: "credits released",
}
"""Events that concern the whole run, in words."""

ENDS = (CreditsRejected, CreditsCaptured, CreditsReleased)
"""After one of these nothing more happens to a run."""

Stages = tuple[tuple[str, type[EventData]], ...]

_SPOKEN: Stages = (("translated", ChunkTranslated), ("spoken", ChunkSynthesized))
_CHECKED: Stages = (("translated", ChunkTranslated), ("spoken", ChunkSpoken), ("checked", ChunkSynthesized))
_WRITTEN: Stages = (("translated", ChunkWritten),)
"""What a chunk goes through in each language once it is recognised, and the event that tells of it."""


@dataclass(frozen=True)
class Told:
    """An event as it was found on its topic, with who made it where that is known."""

    event: CloudEvent[Any]
    made: Made | None

    @property
    def at(self) -> float:
        """When it was told of."""
        return self.event.time.timestamp()


@dataclass(frozen=True)
class Milestone:
    """A moment of the whole run; `detail` is what there is to say of it."""

    at: float
    name: str
    detail: str
    worker: str


@dataclass(frozen=True)
class Step:
    """One piece of work: ready from `ready` on, worked on from `began` to `ended`.

    `began` is None where it is not known (work in hand tells nothing before it is done), `ended` where it
    has not come out yet. `chunk` is None for the assembly of a language.
    """

    stage: str
    chunk: int | None
    language: str
    ready: float
    began: float | None = None
    ended: float | None = None
    worker: str = ""


@dataclass(frozen=True)
class Timeline:
    """A run, in the order of its chunks; milestones by time."""

    hold_id: UUID
    milestones: tuple[Milestone, ...]
    steps: tuple[Step, ...]

    @property
    def start(self) -> float:
        """The first thing that is known of the run."""
        return min((*(m.at for m in self.milestones), *(step.ready for step in self.steps)))

    @property
    def end(self) -> float | None:
        """When its hold was resolved; None while it goes on."""
        names = {MILESTONES[kind] for kind in ENDS}
        return next((m.at for m in self.milestones if m.name in names), None)


def timeline_of(told: Iterable[Told]) -> Timeline:
    """The time line of the newest run among these events of one job; redelivered ones count once.

    Raises ValueError where there is no run among them.
    """
    first: dict[UUID, Told] = {}
    for one in sorted(told, key=lambda one: one.at):
        first.setdefault(one.event.id, one)
    # A job that was submitted with others is known by its hold.
    begun = [one for one in first.values() if isinstance(one.event.data, JobSubmitted | CreditsReserved)]
    if not begun:
        raise ValueError("nothing is kept of a run of this job")
    hold_id = begun[-1].event.data.job.hold_id
    run = [one for one in first.values() if one.event.data.job.hold_id == hold_id]
    milestones = [_milestone(one) for one in run if type(one.event.data) in MILESTONES]
    return Timeline(hold_id, tuple(milestones), tuple(_steps(run)))


def _milestone(one: Told) -> Milestone:
    data = one.event.data
    detail = ""
    if isinstance(data, MediaPlanned):
        languages = ", ".join(data.spec.target_languages)
        detail = f"{data.chunks} chunks, {data.spec.source_language} to {languages}"
    elif isinstance(data, JobFailed):
        detail = f"{data.error.stage}: {data.error.code}"
    return Milestone(one.at, MILESTONES[type(data)], detail, one.made.worker if one.made else "")


def _steps(run: list[Told]) -> Iterable[Step]:
    """Each chunk through its stages, then the assemblies."""
    found: dict[Place, Told] = {}
    for one in run:  # what is spoken a second time is spoken, and checked, for the first time once
        found.setdefault(_place(one.event.data), one)
    for index in sorted({place[1] for place in found if place[0] is ChunkReleased}):
        released = found[ChunkReleased, index, ""]
        languages = released.event.data.target_languages
        recognised = (found.get((ChunkTranscribed, index, language)) for language in languages)
        # One piece of work, told once for each language.
        yield _step("recognised", index, "", released, next((one for one in recognised if one), None))
        for language in languages:
            stages = _WRITTEN if released.event.data.written else _SPOKEN
            if (ChunkSpoken, index, language) in found:
                stages = _CHECKED
            before: Told | None = found.get((ChunkTranscribed, index, language))
            for stage, kind in stages:
                after = found.get((kind, index, language))
                if before is not None:
                    yield _step(stage, index, language, before, after)
                before = after
    for (of, _, wanted), one in found.items():
        if of is AssemblyRequested:
            yield _step("assembled", None, wanted, one, found.get((LanguageAssembled, -1, wanted)))


Place = tuple[type[EventData], int, str]
"""Kind of an event, its chunk (-1 where it is of none) and its language."""


def _place(data: EventData) -> Place:
    chunk = getattr(data, "chunk", None)
    return type(data), chunk.index if chunk is not None else -1, getattr(data, "target_language", "")


def _step(stage: str, chunk: int | None, language: str, before: Told, after: Told | None) -> Step:
    if after is None:
        return Step(stage, chunk, language, before.at)
    made = after.made
    return Step(
        stage, chunk, language, before.at, made.began if made else None, after.at, made.worker if made else ""
    )
