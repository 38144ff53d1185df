"""The lines of a dub as people edit them. Pure: no SQL, no store, no clock. Times are seconds."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from octavia_common.documents import ChunkPlan, TranslatedSegment, Translation

BREATH_SECONDS = 0.05
"""Kept free before the next line's speech, as the transcriber keeps it."""


@dataclass(frozen=True)
class Line:
    """What one speaker says from `start` to `end` of the source, and what is spoken instead.

    `slot_end` is the latest moment its dub may sound as it was planned; None where the line's times were
    changed, and it is to be found anew from what follows.
    """

    id: str
    speaker: str
    start: float
    end: float
    source_text: str
    text: str
    slot_end: float | None = None
    untranslated: bool = False
    translating: bool = False
    """Whether its text is being made by the translator just now."""

    @classmethod
    def of(cls, segment: TranslatedSegment) -> "Line":
        """A line as it came out of the pipeline."""
        return cls(
            id=segment.id,
            speaker=segment.speaker,
            start=segment.start,
            end=segment.end,
            source_text=segment.source_text,
            text=segment.text,
            slot_end=segment.slot_end,
            untranslated="untranslated" in segment.flags,
        )

    def is_said_by(self, segment: TranslatedSegment) -> bool:
        """Whether this is what was spoken there: the same text, by the same speaker, at the same times."""
        said = (segment.id, segment.text, segment.speaker, segment.start, segment.end)
        return said == (self.id, self.text, self.speaker, self.start, self.end)

    def moved(self, start: float, end: float) -> "Line":
        """The line at other times."""
        return replace(self, start=start, end=end, slot_end=None)

    def saying(self, text: str) -> "Line":
        """The line with another translation."""
        return replace(self, text=text, untranslated=False, translating=False)

    def translated(self, texts: Mapping[str, str] | None) -> "Line":
        """The line as the translator says it, by ids; None: it has not answered yet."""
        if texts is None:
            return replace(self, text="", untranslated=False, translating=True)
        text = texts.get(self.id, "")
        return replace(self, text=text, untranslated=not text, translating=False)


Lines = tuple[Line, ...]


class HasLines(Protocol):
    """What editing can begin with: a result, or what waits for review."""

    @property
    def segments(self) -> Sequence[TranslatedSegment]:
        """Its lines."""
        ...


def lines_of(base: HasLines) -> Lines:
    """The table that editing begins with."""
    return in_order(Line.of(segment) for segment in base.segments)


def in_order(lines: Iterable[Line]) -> Lines:
    """Lines by when they begin."""
    return tuple(sorted(lines, key=lambda line: (line.start, line.end, line.id)))


def slot_end(lines: Sequence[Line], index: int, duration: float) -> float:
    """The latest moment that the dub of a line may sound: until shortly before who speaks next.

    What nobody has moved keeps what was planned, so that its sound is found made.
    """
    line = lines[index]
    following = lines[index + 1] if index + 1 < len(lines) else None
    if line.slot_end is not None and (following is None or following.slot_end is not None):
        return line.slot_end
    free = duration if following is None else following.start - BREATH_SECONDS
    wanted = free if line.slot_end is None else min(line.slot_end, free)
    return max(wanted, line.start)


def translations(lines: Sequence[Line], plan: ChunkPlan, source: str, target: str) -> list[Translation]:
    """The lines as the synthesizer takes them: one document a chunk of the plan, some of them empty."""
    refs = [planned.chunk for planned in plan.chunks]
    grouped: list[list[TranslatedSegment]] = [[] for _ in refs]
    for index, line in enumerate(lines):
        grouped[chunk_begun(line, [ref.start for ref in refs])].append(
            TranslatedSegment(
                id=line.id,
                speaker=line.speaker,
                start=line.start,
                end=line.end,
                slot_end=slot_end(lines, index, plan.duration_seconds),
                source_text=line.source_text,
                text=line.text,
                flags=("untranslated",) if line.untranslated else (),
            )
        )
    return [
        Translation(source_language=source, target_language=target, chunk=ref, segments=tuple(segments))
        for ref, segments in zip(refs, grouped, strict=True)
    ]


def chunk_begun(line: Line, starts: Sequence[float]) -> int:
    """The place of the last chunk that has begun when the line begins, or of the first; chunks are given by
    where they start, in order."""
    return max(bisect_right(starts, line.start) - 1, 0)
