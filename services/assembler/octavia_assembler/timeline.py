"""Where each spoken line lies in the output, in samples on the source's own clock.

Every position is computed from the line's own time, never from the line before it, so rounding
does not add up: the last line of an hour starts as exactly as the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SAMPLE_RATE = 48_000
"""Samples a second of all dubbed sound."""

GAP = SAMPLE_RATE // 50
"""Silence kept before the next line where a line would run into it: 20 ms."""

LEAST_AUDIBLE = SAMPLE_RATE * 3 // 10
"""A line is never cut below 300 ms; one that starts inside that time waits for its end."""


@dataclass(frozen=True)
class Line:
    """A line to place: where its source starts (seconds) and how many samples it sounds."""

    id: str
    start_seconds: float
    samples: int


@dataclass(frozen=True)
class Placement:
    """A placed line: it sounds in samples `start..end` (end excluded); `cut` samples did not fit."""

    id: str
    start: int
    end: int
    cut: int

    @property
    def start_seconds(self) -> float:
        return self.start / SAMPLE_RATE

    @property
    def end_seconds(self) -> float:
        return self.end / SAMPLE_RATE


def at_sample(seconds: float) -> int:
    """The sample nearest to an absolute time; times before the start count as the start."""
    return max(0, round(seconds * SAMPLE_RATE))


def place(lines: Sequence[Line], total_samples: int) -> tuple[Placement, ...]:
    """Place lines, in order of their start, on a timeline of `total_samples`.

    A line starts within one sample of its source, ends at least `GAP` before the next one starts,
    and never overlaps another; what does not fit is counted in `cut`. Only a line that starts less
    than `LEAST_AUDIBLE` after another is late, by as little as lets the other be heard.
    """
    ordered = sorted(lines, key=lambda line: line.start_seconds)
    placed: list[Placement] = []
    free_from = 0
    for position, line in enumerate(ordered):
        start = min(max(at_sample(line.start_seconds), free_from), total_samples)
        following = ordered[position + 1 : position + 2]
        limit = at_sample(following[0].start_seconds) - GAP if following else total_samples
        limit = min(max(limit, start + LEAST_AUDIBLE), total_samples)
        end = min(start + line.samples, limit)
        placed.append(Placement(line.id, start, end, cut=line.samples - (end - start)))
        free_from = end + GAP
    return tuple(placed)
