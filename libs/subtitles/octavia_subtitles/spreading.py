"""A text put on cues whose times are given: each gets the share of it that it had of the original. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from octavia_subtitles.cutting import lay_out
from octavia_subtitles.rules import Cue, Rules
from octavia_subtitles.width import CLAUSE_ENDS, SENTENCE_ENDS, breaks, column_of, columns, tidy

Lines = tuple[str, ...]

MOST_PLACES = 300
"""Of breaks that are tried in a text: the work grows with their square."""

_DASHED = re.compile(r"^\s*[-–—‐]")
_BEFORE_DASH = re.compile(r"\s+(?=[-–—‐]\s*\S)")


def spread(text: str, cues: Sequence[Cue], rules: Rules) -> tuple[Lines, ...]:
    """The lines of each of `cues` when together they say `text` instead.

    Lines keep the rules' width; there are more of them than wanted only where the text is too long for the
    cues. Where it has fewer words than there are cues its last ones stay on. Nothing is lost.
    """
    whole = tidy(text)
    if not whole or not cues:
        return tuple(() for _ in cues)
    if len(cues) == 1:
        return (_dialogue(whole, cues[0], rules) or _wrapped(whole, rules),)
    pieces = _cut_over(whole, cues, rules)
    return tuple(_wrapped(piece, rules) for piece in pieces)


def _dialogue(text: str, cue: Cue, rules: Rules) -> Lines | None:
    """One line a speaker, where the cue was such a dialogue and the text still is."""
    if len(cue.lines) < 2 or not all(map(_DASHED.match, cue.lines)):
        return None
    said = tuple(_BEFORE_DASH.split(text))
    fits = all(columns(line) <= rules.columns_a_line for line in said)
    return said if len(said) == len(cue.lines) and fits else None


def _wrapped(text: str, rules: Rules) -> Lines:
    return lay_out(text, rules) or tuple(_folded(text, rules.columns_a_line))


def _folded(text: str, widest: int) -> Iterator[str]:
    """Lines as full as they can be: for what is too long to be laid out well, in one pass."""
    begin = last = width = 0
    for before, place in pairwise((0, *breaks(text, widest), len(text))):
        step = sum(map(column_of, text[before:place]))
        if width + columns(text[before:place].rstrip()) > widest and last > begin:
            yield text[begin:last].strip()
            begin, width = last, 0
        width += step
        last = place
    yield text[begin:].strip()


def _places(whole: str, rules: Rules) -> tuple[int, ...]:
    """Where the text may be broken, its two ends among them; of very many, some."""
    between = breaks(whole, rules.columns_a_line)
    return (0, *between[:: len(between) // MOST_PLACES + 1], len(whole))


def _cut_over(whole: str, cues: Sequence[Cue], rules: Rules) -> list[str]:
    """As many pieces as cues (dynamic programming over the places where the text may be broken)."""
    places = _places(whole, rules)
    count = min(len(cues), len(places) - 1)
    widths = (0, *accumulate(column_of(letter) for letter in whole))
    shares = _shares(cues[:count], widths[-1])
    # best[i]: cost of having put whole[:places[i]] on the cues so far, and where the last of them begins.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for number in range(count):
        left = count - number - 1
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _) in best[-1].items():
            ends = range(start + 1, len(places) - left) if left else (len(places) - 1,)
            for end in ends:
                width = widths[places[end]] - widths[places[start]]
                total = cost + _cost(width, shares[number], cues[number], rules)
                total += 0.0 if not left else _cost_of_end(whole[: places[end]].rstrip()[-1:])
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, start)
        best.append(reached)
    at, pieces = len(places) - 1, []
    for step in reversed(best[1:]):
        before = step[at][1]
        pieces.append(whole[places[before] : places[at]].strip())
        at = before
    pieces.reverse()
    return [*pieces, *(pieces[-1:] * (len(cues) - count))]


def _shares(cues: Sequence[Cue], width: int) -> list[float]:
    """How wide each cue's text would be if it had the share that it has of the original."""
    had = [columns(cue.text) for cue in cues]
    total = sum(had)
    if not total:
        return [width / len(cues)] * len(cues)
    return [max(width * each / total, 1.0) for each in had]


def _cost(width: int, share: float, cue: Cue, rules: Rules) -> float:
    """How far a piece is from its share; what a cue cannot hold, or not for long enough, costs far more."""
    readable = max(cue.end_ms - cue.start_ms, 1) * rules.columns_a_second / 1000
    room = min(rules.lines * rules.columns_a_line, max(readable, share))
    over = max(0.0, width - room) / room
    return ((width - share) / share) ** 2 + 20 * over


def _cost_of_end(letter: str) -> float:
    if letter in SENTENCE_ENDS:
        return 0.0
    return 0.05 if letter in CLAUSE_ENDS else 0.25
