"""Which of several translations of each line is spoken: those that sound best one after another. Pure.

Each version of a line costs what is wrong with it (how far from natural it is played, what of its slot it
leaves empty, what does not fit), and each pair of neighbours what differs between their rates. The cheapest
way through all lines is found exactly, by dynamic programming from the first line to the last.
"""

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from math import log

from octavia_common.documents import SpokenSegment, TranslatedSegment

VERSION = 1
"""Part of the key of a chunk's speech: change it with what is decided here."""

UNSPOKEN = 1000.0
"""Of a version without sound: any other is better."""

RATE = 4.0
"""Of a rate, times the square of its distance from natural in doublings."""

UNEVEN = 4.0
"""Of neighbours, times the square of the distance between their rates in doublings."""

BEYOND_BOUNDS, UNHEARD_END = 1.0, 8.0
"""Of a rate outside 0.85 to 1.2, which everybody hears; of an end that nobody hears, the more the longer."""

EMPTY = 1.0
"""Of the share of the source's time that stays silent."""

LATER = 0.05
"""Of a version for each place behind the first: the translator's first choice says it best."""

NEIGHBOURS_SECONDS = 3.0
"""Behind a longer pause nobody hears whether the rate is the same."""

Path = tuple[int, ...]


def versions(segment: TranslatedSegment) -> list[TranslatedSegment]:
    """The segment once for each different translation, its first one first."""
    texts = list(dict.fromkeys((segment.text, *segment.candidates)))
    if segment.text.strip() == "":  # it could not be translated: there is nothing to choose from
        texts = texts[:1]
    return [
        segment.model_copy(
            update={"text": text, "candidates": tuple(other for other in texts if other != text)}
        )
        for text in texts
    ]


def chosen(spoken: Sequence[SpokenSegment]) -> tuple[SpokenSegment, ...]:
    """One version of each line; versions of a line stand together, as `versions` gave them."""
    lines = [list(group) for _, group in groupby(spoken, key=lambda version: version.id)]
    return tuple(line[place] for line, place in zip(lines, best_path(lines), strict=True))


def best_path(lines: Sequence[Sequence[SpokenSegment]]) -> Path:
    """The place of the version of each line that makes the cheapest whole; of equals the earlier ones."""
    return cheapest(lines, cost_of, cost_between)


def cheapest(
    lines: Sequence[Sequence[SpokenSegment]],
    alone: Callable[[SpokenSegment, int], float],
    between: Callable[[SpokenSegment, SpokenSegment], float],
) -> Path:
    """The cheapest choice of one version a line (Viterbi): no other choice costs less."""
    if not lines:
        return ()
    ways: list[tuple[float, Path]] = [(alone(each, place), (place,)) for place, each in enumerate(lines[0])]
    for before, line in pairwise(lines):
        ways = [
            min(
                (cost + between(before[path[-1]], each) + alone(each, place), (*path, place))
                for cost, path in ways
            )
            for place, each in enumerate(line)
        ]
    return min(ways)[1]


def cost_of(version: SpokenSegment, place: int) -> float:
    """What is wrong with a version by itself; `place` is its rank among the translations."""
    cost = LATER * place
    if version.audio is None:
        return cost + UNSPOKEN
    rate = version.rate
    cost += RATE * _doublings(rate) ** 2
    if not 0.849 <= rate <= 1.201:
        cost += BEYOND_BOUNDS
    if version.cut:
        cost += UNHEARD_END * (1 + version.cut / max(version.duration, 1e-3))
    source = max(version.end - version.start, 1e-3)
    return cost + EMPTY * max(0.0, 1 - version.duration / source)


def cost_between(before: SpokenSegment, after: SpokenSegment) -> float:
    """What is wrong with two versions one after the other."""
    if before.audio is None or after.audio is None or after.start - before.end > NEIGHBOURS_SECONDS:
        return 0.0
    return UNEVEN * (_doublings(after.rate) - _doublings(before.rate)) ** 2


def cost(path: Path, lines: Sequence[Sequence[SpokenSegment]]) -> float:
    """What a choice costs as a whole."""
    picked = [line[place] for line, place in zip(lines, path, strict=True)]
    alone = sum(cost_of(each, place) for each, place in zip(picked, path, strict=True))
    return alone + sum(cost_between(*pair) for pair in pairwise(picked))


def _doublings(rate: float) -> float:
    return log(rate, 2)
