"""Cuts a source into chunks of about 30 s, at pauses, so that its stages overlap and spread."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from octavia_common.documents import SpeechRegion

QuietestMoment = Callable[[float, float], float]
"""The softest moment between two times, all in seconds: where to cut speech that never pauses."""


@dataclass(frozen=True)
class ChunkRules:
    """Lengths of chunks, in seconds. A source too short for `parts` chunks of `target` is cut finer, down
    to `shortest`, so that it spreads over the workers as a long one does."""

    target: float = 30.0
    longest: float = 45.0
    shortest: float = 12.0
    parts: int = 8
    margin: float = 0.25
    """Sound kept around the speech of a chunk, at most up to the middle of the pause."""

    def sized_for(self, speech: float) -> "ChunkRules":
        """These rules with the target that suits so many seconds of speech."""
        finer = max(self.shortest, speech / self.parts)
        return replace(self, target=min(self.target, finer))


@dataclass(frozen=True)
class Cut:
    """A chunk before it has an artifact; `regions` lie within `start..end`."""

    start: float
    end: float
    next_speech_start: float
    regions: tuple[SpeechRegion, ...]


def cut_into_chunks(
    regions: Sequence[SpeechRegion],
    duration: float,
    quietest: QuietestMoment,
    rules: ChunkRules | None = None,
) -> list[Cut]:
    """Chunks that cover all regions once, in order, apart from each other and none above the longest.

    A cut falls into a pause. Only speech that goes on for longer than a chunk may be is itself cut,
    at the quietest moment of the stretch where it has to be.
    """
    speech = sum(region.end - region.start for region in regions)
    rules = (rules or ChunkRules()).sized_for(speech)
    pieces = [piece for region in regions for piece in _bounded(region, quietest, rules)]
    groups = _group(pieces, rules)
    cuts = []
    for number, group in enumerate(groups):
        before = groups[number - 1][-1].end if number else -math.inf
        after = groups[number + 1][0].start if number + 1 < len(groups) else None
        start = max(0.0, group[0].start - rules.margin, _middle(before, group[0].start))
        end = min(group[-1].end + rules.margin, _middle(group[-1].end, after or math.inf))
        end = max(group[-1].end, min(duration, end))
        cuts.append(Cut(start, end, max(duration, end) if after is None else after, tuple(group)))
    return cuts


def _middle(earlier: float, later: float) -> float:
    return (earlier + later) / 2


def _bounded(region: SpeechRegion, quietest: QuietestMoment, rules: ChunkRules) -> list[SpeechRegion]:
    """The region, or parts of it that leave room for their margins in a chunk."""
    room = rules.longest - 2 * rules.margin
    pieces = []
    start = region.start
    while region.end - start > room:
        # The later half of what fits: never tiny parts, however the quiet moments lie.
        cut = quietest(start + room / 2, min(start + room, region.end - room / 4))
        pieces.append(region.model_copy(update={"start": start, "end": cut}))
        start = cut
    return [*pieces, region.model_copy(update={"start": start})]


def _group(pieces: Sequence[SpeechRegion], rules: ChunkRules) -> list[list[SpeechRegion]]:
    """The cheapest way to split the pieces into chunks (dynamic programming over the last cut)."""
    room = rules.longest - 2 * rules.margin
    best: list[tuple[float, int]] = [(0.0, 0)]  # for the first n pieces: cost, where the last chunk begins
    for last, piece in enumerate(pieces):
        options = []
        for first in range(last, -1, -1):
            length = piece.end - pieces[first].start
            if length > room and first < last:
                break
            pause = pieces[first].start - pieces[first - 1].end if first else math.inf
            options.append((best[first][0] + _length_cost(length, rules) + _cut_cost(pause), first))
        best.append(min(options))
    groups: list[list[SpeechRegion]] = []
    upto = len(pieces)
    while upto:
        first = best[upto][1]
        groups.append(list(pieces[first:upto]))
        upto = first
    return groups[::-1]


def _length_cost(length: float, rules: ChunkRules) -> float:
    """Too long weighs more than too short: a short chunk spreads, a long one makes others wait."""
    off = length / rules.target - 1
    return off * off * (4 if off > 0 else 1)


def _cut_cost(pause: float) -> float:
    """A cut in a long pause costs nothing, in a short one as much as a chunk far too short."""
    return math.exp(-pause / 0.4)
