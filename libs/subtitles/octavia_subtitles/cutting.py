"""Cut text into pieces that fit a cue, and a piece into balanced lines."""

import math
from functools import lru_cache

from octavia_subtitles.rules import Rules
from octavia_subtitles.width import CLAUSE_ENDS, SENTENCE_ENDS, breaks, columns, tidy


@lru_cache(maxsize=4096)
def lay_out(text: str, rules: Rules) -> tuple[str, ...] | None:
    """A tidy text as the lines of one cue, or None where it does not fit.

    One line where that is wide enough; else the two that are most even, the lower one rather the
    longer, broken after punctuation where that costs little.
    """
    if columns(text) <= rules.columns_a_line:
        return (text,)
    if rules.lines < 2 or columns(text) > 2 * rules.columns_a_line:
        return None
    best: tuple[float, tuple[str, str]] | None = None
    for at in breaks(text, rules.columns_a_line):
        upper, lower = text[:at].rstrip(), text[at:]
        wide, low = columns(upper), columns(lower)
        if max(wide, low) > rules.columns_a_line:
            continue
        cost = abs(wide - low) + (2 if wide > low else 0) + 8 * _cost_of_end(upper)
        if best is None or cost < best[0]:
            best = (cost, (upper, lower))
    return None if best is None else best[1]


def cut(text: str, rules: Rules, at_least: int = 1) -> tuple[str, ...]:
    """A text as pieces that each fit one cue: as few as can be, at least `at_least` where it has
    so many places to break, of even width, ending with a sentence or clause where that is near.

    Empty for a text that shows nothing. Joined again the pieces are the tidied text.
    """
    whole = tidy(text)
    if columns(whole) == 0:
        return ()
    places = (0, *breaks(whole, rules.columns_a_line), len(whole))
    fewest = max(1, math.ceil(columns(whole) / (rules.lines * rules.columns_a_line)))
    for pieces in range(min(max(fewest, at_least), len(places) - 1), len(places)):
        found = _cut_into(whole, places, pieces, rules)
        if found is not None:
            return found
    raise AssertionError("unreachable: every stretch between two breaks fits a line")


def _cut_into(whole: str, places: tuple[int, ...], pieces: int, rules: Rules) -> tuple[str, ...] | None:
    """The cheapest way to make exactly `pieces` pieces (dynamic programming over the breaks)."""
    ideal = columns(whole) / pieces
    widest = rules.lines * rules.columns_a_line
    # best[i]: cost of cutting whole[:places[i]] into the pieces so far, and the break before it.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(pieces):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _) in best[-1].items():
            for end in range(start + 1, len(places)):
                piece = whole[places[start] : places[end]].rstrip()
                width = columns(piece)
                if width > widest:
                    break
                if lay_out(piece, rules) is None:
                    continue
                last = end == len(places) - 1
                total = cost + ((width - ideal) / ideal) ** 2 + (0.0 if last else _cost_of_end(piece))
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, start)
        best.append(reached)
    at = len(places) - 1
    if at not in best[-1]:
        return None
    found: list[str] = []
    for step in reversed(best[1:]):
        before = step[at][1]
        found.append(whole[places[before] : places[at]].rstrip())
        at = before
    return tuple(reversed(found))


def _cost_of_end(piece: str) -> float:
    """How badly a piece ends: 0 with a sentence, a little with a clause, 1 in the middle."""
    if piece[-1] in SENTENCE_ENDS:
        return 0.0
    return 0.2 if piece[-1] in CLAUSE_ENDS else 1.0
