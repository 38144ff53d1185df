"""An edited language and its renderings, as the gateway keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_common.documents import DubResult, PlacedSegment
from octavia_common.events import ArtifactRef, JobError

from octavia_gateway.editing.lines import Line, Lines
from octavia_gateway.reviewing.documents import HeldLines


class RenderStatus(StrEnum):
    """Where a rendering stands."""

    RENDERING = "rendering"
    COMPLETED = "completed"
    FAILED = "failed"


TRANSCRIPT = ""
"""The language under which the revisions of a transcript are kept: they are of every language."""


@dataclass(frozen=True)
class Edited:
    """A language of a job: what its revision `first` is read from, the newest one, the one that is rendered.

    Revisions up to `reviewed` were made in a review: of the transcript where `first` is above 0, for then the
    lines of this language were made of the last of them; else of its own lines, from those that waited.
    """

    language: str
    base: ArtifactRef
    head: int = 0
    rendered: int = 0
    reviewed: int = 0
    first: int = 0

    @property
    def from_held(self) -> bool:
        """Whether `base` is what waited for a review that is over, not a result."""
        return self.reviewed > self.first


def edited_of(known: Mapping[str, Edited], language: str, base: ArtifactRef) -> Edited:
    """The language among those of its job that were ever edited, or as it stands before its first edit."""
    if language in known:
        return known[language]
    heard = known[TRANSCRIPT].head if TRANSCRIPT in known else 0
    return Edited(language, base, head=heard, rendered=heard, reviewed=heard, first=heard)


@dataclass(frozen=True)
class Table:
    """The lines of a language at a revision; `head` is the newest, `rendered` the one to be downloaded.

    `base` refers to `result`, what the pipeline made: revision 0 is read from it. `hold_id` is the run that
    waits for review in this language, if one does. `heard` is how each line sounds in the download, by id.
    """

    job_id: UUID
    language: str
    base: ArtifactRef
    result: DubResult | HeldLines
    revision: int
    head: int
    rendered: int
    lines: Lines
    hold_id: UUID | None = None
    heard: Mapping[str, PlacedSegment] = field(default_factory=dict)

    def as_heard(self, line: Line) -> PlacedSegment | None:
        """How a line sounds in the download; None where it was changed since."""
        heard = self.heard.get(line.id)
        if heard is None or line.translating:
            return None
        return heard if line.is_said_by(heard) else None


@dataclass(frozen=True)
class SpokenChunk:
    """A spoken chunk of a rendering at work: where it starts, in seconds of the source, and its lines
    (`documents.Speech`)."""

    start: float
    speech: ArtifactRef


@dataclass(frozen=True)
class Render:
    """One run that puts a revision of a language together."""

    hold_id: UUID
    job_id: UUID
    user_id: UUID
    language: str
    revision: int
    status: RenderStatus
    deadline_at: datetime
    error: JobError | None = None
