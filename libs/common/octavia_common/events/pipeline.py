"""Events of the dubbing pipeline, from the plan of a job's chunks to its finished languages."""

from collections.abc import Mapping
from typing import Annotated, ClassVar
from zlib import crc32

from pydantic import Field

from octavia_common.events.base import ArtifactRef, ChunkRef, JobError, JobEvent, JobOptions, JobSpec, Value


class DetectedLanguage(Value):
    """What the recogniser heard spoken, over the speech of several chunks, and how sure it is (0 to 1)."""

    language: str
    probability: float = Field(ge=0, le=1)


class MediaPlanned(JobEvent):
    """The source is opened and cut: so many chunks will come (0 where nobody speaks).

    `plan` refers to a `documents.ChunkPlan`. `spec` is the job's, its source language decided where it was
    `auto`; then `detected` says how. All later events follow this spec.
    """

    TYPE: ClassVar[str] = "octavia.media.planned.v1"

    spec: JobSpec
    plan: ArtifactRef
    chunks: int
    detected: DetectedLanguage | None = None
    render: bool = False
    """An edited language is put together anew: its chunks come translated, nothing is to be recognised."""
    made: tuple[str, ...] = ()
    released: bool = False
    """A job that stopped for review goes on: `plan` holds what a person has looked at, `spec` the languages
    that are still to be made. It comes second, behind the run's first plan."""

    def identity(self) -> tuple[str, ...]:
        return (*super().identity(), *(("released",) if self.released else ()))


class ChunkEvent(JobEvent):
    """An event of one chunk; chunks of a job are spread evenly over the partitions.

    `voices` refers to a `documents.SpeakerVoices` where voices are to be made of the source's own. `written`
    says that the job's lines are only written, never spoken.
    """

    chunk: ChunkRef
    options: JobOptions = JobOptions()
    voices: ArtifactRef | None = None
    written: bool = False

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), str(self.chunk.index))

    def slot(self) -> int | None:
        return crc32(self.job.hold_id.bytes) + self.chunk.index


class ChunkReleased(ChunkEvent):
    """A chunk may be recognised: its turn in the job's window has come.

    Where its lines are given (`transcript`, a `documents.Transcript`) there is nothing to recognise; a chunk
    of a subtitle file has no `audio` either.
    """

    TYPE: ClassVar[str] = "octavia.chunks.released.v1"

    audio: ArtifactRef | None = None
    transcript: ArtifactRef | None = None
    regions: tuple[tuple[float, float], ...] = ()
    """Where in the chunk somebody speaks: start and end in seconds on the source's clock."""
    speakers: tuple[str, ...] = ()
    """Who speaks in each region; empty where speakers are not told apart."""
    source_language: str
    target_languages: tuple[str, ...]
    model_size: str | None = None
    translations: dict[str, ArtifactRef] = Field(default_factory=dict)
    """A `documents.Translation` by language, where a person has looked at them: spoken as they are."""


class ChunkHeld(ChunkEvent):
    """The chunk waits for review: its transcript (for all languages), or its translation into one.

    Joined, so keyed by job. `options.review` says where the job stops.
    """

    TYPE: ClassVar[str] = "octavia.chunks.held.v1"

    source_language: str
    transcript: ArtifactRef | None = None
    target_language: str | None = None
    translation: ArtifactRef | None = None
    made: tuple[str, ...] = ()

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), str(self.chunk.index), self.target_language or "")

    def slot(self) -> int | None:
        return None


class ChunkLanguageEvent(ChunkEvent):
    """An event of one chunk in one target language."""

    source_language: str
    target_language: str
    made: tuple[str, ...] = ()
    """Keys of every artifact this stage put behind the event, so that they can be deleted."""

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), str(self.chunk.index), self.target_language)


class ChunkTranscribed(ChunkLanguageEvent):
    """What is said in the chunk is known (`documents.Transcript`); one event a target language."""

    TYPE: ClassVar[str] = "octavia.chunks.transcribed.v1"

    transcript: ArtifactRef


MOST_RETAKES = 2
"""How often a line that falls short is spoken again."""

Takes = Mapping[str, Annotated[int, Field(ge=1, le=MOST_RETAKES)]]
"""Number of the take (the first of all is 0) by segment id."""


class ChunkTranslated(ChunkLanguageEvent):
    """The chunk's lines are translated (`documents.Translation`).

    With `retakes` it comes from the checker: those lines are to be spoken again, in another way for each
    take; all others stay as they are in `spoken` (`documents.Speech`), which has the best takes so far.
    """

    TYPE: ClassVar[str] = "octavia.chunks.translated.v1"

    translation: ArtifactRef
    retakes: Takes = Field(default_factory=dict)
    spoken: ArtifactRef | None = None

    def identity(self) -> tuple[str, ...]:
        return (*super().identity(), *_takes(self.retakes))


class ChunkSpoken(ChunkLanguageEvent):
    """The chunk's lines are spoken (`documents.Speech`), and are to be checked before they are joined.

    `retakes` says which lines were spoken again, `best` (`documents.Speech`) has the best takes before that.
    """

    TYPE: ClassVar[str] = "octavia.chunks.spoken.v1"

    translation: ArtifactRef
    speech: ArtifactRef
    retakes: Takes = Field(default_factory=dict)
    best: ArtifactRef | None = None

    def identity(self) -> tuple[str, ...]:
        return (*super().identity(), *_takes(self.retakes))


def _takes(retakes: Takes) -> tuple[str, ...]:
    return tuple(f"{segment}:{take}" for segment, take in sorted(retakes.items()))


class ChunkSynthesized(ChunkLanguageEvent):
    """The chunk's lines are spoken (`documents.Speech`). Joined, so keyed by job."""

    TYPE: ClassVar[str] = "octavia.chunks.synthesized.v1"

    speech: ArtifactRef

    @property
    def lines(self) -> ArtifactRef:
        """The document that the assembler puts together."""
        return self.speech

    def slot(self) -> int | None:
        return None


class ChunkWritten(ChunkLanguageEvent):
    """The chunk's lines are translated (`documents.Translation`) and, never spoken, are all there is to it.

    It has come out of the stages as a `ChunkSynthesized` has, on the same topic; keyed by job.
    """

    TYPE: ClassVar[str] = "octavia.chunks.written.v1"

    translation: ArtifactRef

    @property
    def lines(self) -> ArtifactRef:
        """The document that the assembler puts together."""
        return self.translation

    def slot(self) -> int | None:
        return None


class AssemblyRequested(JobEvent):
    """The last chunk of a language has arrived: put it together.

    `speech` is in chunk order: a `documents.Speech` each, or a `documents.Translation` where the job's kind
    is only written.
    """

    TYPE: ClassVar[str] = "octavia.assembly.requested.v1"

    spec: JobSpec
    target_language: str
    plan: ArtifactRef
    speech: tuple[ArtifactRef, ...]

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), self.target_language)

    def slot(self) -> int | None:
        return crc32(f"{self.job.hold_id}|{self.target_language}".encode())


class LanguageAssembled(JobEvent):
    """One language is finished: the media, and a `documents.DubResult` that describes it."""

    TYPE: ClassVar[str] = "octavia.media.assembled.v1"

    target_language: str
    media: ArtifactRef
    result: ArtifactRef
    made: tuple[str, ...] = ()

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), self.target_language)


class LanguageFailed(JobEvent):
    """One language cannot be made; the others go on, and the job ends with those that can."""

    TYPE: ClassVar[str] = "octavia.media.language-failed.v1"

    target_language: str
    error: JobError

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), self.target_language)
