"""A language's lines on the output's timeline: where each lies, what it ducks, what to report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from octavia_common.documents import Flag, PlacedSegment, SpokenSegment

from octavia_assembler.rendering.renderer import Assembly
from octavia_assembler.sound.ducking import Region, region_of
from octavia_assembler.timeline import Line, Placement, at_sample, place

MARGIN_BEFORE_SECONDS = 0.02
MARGIN_AFTER_SECONDS = 0.12
"""How far around recognised speech the source is ducked: times are inexact, ends more than starts.
Before speech it is kept short, for a hole in the music draws the ear, and the dub covers what is left."""

NO_SPEECH = "Nobody speaks in it, so it keeps its own sound and its subtitles are empty."


@dataclass(frozen=True)
class PlacedLine:
    """A line, where it lies, and the file of its sound (None where it could not be spoken)."""

    segment: SpokenSegment
    placement: Placement
    voice: Path | None

    def described(self) -> PlacedSegment:
        """The line as the result tells of it; what did not fit is flagged."""
        flags = self.segment.flags
        too_long: Flag = "too_long"
        if self.voice is not None and self.placement.cut and too_long not in flags:
            flags = (*flags, too_long)
        return PlacedSegment(
            **{**dict(self.segment), "flags": flags},
            placed_start=self.placement.start_seconds,
            placed_end=self.placement.end_seconds,
        )


def place_lines(assembly: Assembly, total_samples: int) -> tuple[PlacedLine, ...]:
    """Every line in its place. One that could not be spoken keeps its source's place free."""
    ordered = sorted(assembly.segments, key=lambda segment: segment.start)
    placements = place([_line(segment, assembly) for segment in ordered], total_samples)
    return tuple(
        PlacedLine(segment, placement, assembly.voices.get(segment.id))
        for segment, placement in zip(ordered, placements, strict=True)
    )


def _line(segment: SpokenSegment, assembly: Assembly) -> Line:
    spoken = segment.id in assembly.voices
    samples = heard_samples(segment) if spoken else at_sample(segment.end) - at_sample(segment.start)
    return Line(segment.id, segment.start, max(samples, 0))


def heard_samples(segment: SpokenSegment) -> int:
    """Length of a line's sound in samples, as its manifest states it."""
    return at_sample(segment.duration)


def source_speech(lines: Sequence[PlacedLine]) -> list[Region]:
    """Where the source says what the dub replaces. A line that the dub lacks stays audible."""
    return [region_of(line.segment.start, line.segment.end) for line in lines if line.voice is not None]


def dubbed_speech(lines: Sequence[PlacedLine]) -> list[Region]:
    """Where the dub speaks."""
    return [Region(line.placement.start, line.placement.end) for line in lines if line.voice is not None]


def ducked(lines: Sequence[PlacedLine]) -> list[Region]:
    """Where the source's sound makes way: under both, with a margin for inexact times."""
    before, after = at_sample(MARGIN_BEFORE_SECONDS), at_sample(MARGIN_AFTER_SECONDS)
    source = [Region(max(each.start - before, 0), each.end + after) for each in source_speech(lines)]
    return source + dubbed_speech(lines)


def notes(lines: Sequence[PlacedLine]) -> Iterator[str]:
    """What the owner should know about the result, in sentences."""
    if not lines:
        yield NO_SPEECH
        return
    unspoken = sum(line.voice is None for line in lines)
    if unspoken:
        yield f"{_count(unspoken)} could not be spoken; the original is heard there."
    cut = sum(line.voice is not None and (line.placement.cut > 0 or line.segment.cut > 0) for line in lines)
    if cut:
        yield f"{_count(cut)} did not fit before the next one and had to be shortened."


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
