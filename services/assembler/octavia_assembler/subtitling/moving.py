"""Cues of a stranger's file follow the lines whose times a person has changed. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from octavia_common.documents import TranslatedSegment
from octavia_subtitles.rules import Cue
from octavia_subtitles.sentences import cues_of

SAME_SECONDS = 0.0005
"""Times of files are whole milliseconds: what differs by less was not changed."""


def moved(
    cues: Sequence[Cue],
    own: Sequence[Sequence[int]],
    segments: Sequence[TranslatedSegment],
    *,
    seconds: float,
    tick_ms: int,
) -> Mapping[int, Cue]:
    """By their numbers, the cues that are shown at other times now; all others stay as they are.

    `own` are the cues of each segment. Where a line has all cues that it was made of and other times than
    they had, they are shifted and stretched with it; where it was split or joined, only as far as they reach
    out of it. Times are multiples of `tick_ms`, within those of the line.
    """
    found: dict[int, Cue] = {}
    for segment, numbers in zip(segments, own, strict=True):
        if not numbers:
            continue
        start, end = segment.start * 1000, segment.end * 1000
        first = min(cues[number].start_ms for number in numbers)
        last = max(cues[number].end_ms for number in numbers)
        if list(numbers) == list(cues_of(segment.id)):
            whole = min(last, max(seconds * 1000, first))
            if _same(start, first) and _same(end, whole):
                continue
        elif start <= first + 1 and last <= end + 1:
            continue
        elif max(start, first) < min(end, last):
            start, end = max(start, first), min(end, last)
        for number in numbers:
            found[number] = _onto(cues[number], (first, last), (start, end), tick_ms)
    return found


def _same(one_ms: float, other_ms: float) -> bool:
    return abs(one_ms - other_ms) < SAME_SECONDS * 1000


def _onto(cue: Cue, span: tuple[int, int], times: tuple[float, float], tick_ms: int) -> Cue:
    """A cue at the place in `times` that it has in `span`, for one tick at least."""
    scale = (times[1] - times[0]) / max(span[1] - span[0], 1)
    earliest, latest = math.ceil(times[0] / tick_ms - 1e-6), math.floor(times[1] / tick_ms + 1e-6)

    def tick(moment: int) -> int:
        return min(max(round((times[0] + (moment - span[0]) * scale) / tick_ms), earliest), latest)

    start = min(tick(cue.start_ms), latest - 1)
    return replace(cue, start_ms=start * tick_ms, end_ms=max(tick(cue.end_ms), start + 1) * tick_ms)
