"""Cues from spoken lines: what is shown when, timed to what is heard."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from octavia_subtitles.cutting import cut, lay_out
from octavia_subtitles.rules import Cue, Rules
from octavia_subtitles.width import columns, tidy

SHIFT_MS = 250
"""A cue may appear this much before its words or after them where it needs the time to be read."""


Span = tuple[int, int]


@dataclass(frozen=True)
class SpokenText:
    """What one speaker says from `start` to `end` (seconds of the output).

    `below` is the same in another language, for bilingual subtitles; then each has one line of a cue.
    """

    start: float
    end: float
    text: str
    speaker: str
    below: str = ""


@dataclass(frozen=True)
class Draft:
    """A cue before its final times (milliseconds): the time of its words.

    `line` says which spoken line it is of, by its place: when its words are heard is known of a line as a
    whole, and of its pieces only guessed.
    """

    start: int
    end: int
    text: str
    speaker: str
    below: str = ""
    line: int = 0

    def lines(self, rules: Rules) -> tuple[str, ...] | None:
        """The lines of the cue; None where they do not fit."""
        if not self.below:
            return lay_out(self.text, rules)
        upper, lower = (lay_out(text, rules.of_one_line()) for text in (self.text, self.below))
        return None if upper is None or lower is None else (*upper, *lower)

    def reading_ms(self, rules: Rules) -> int:
        """How long it has to be shown; who reads one language does not read the other."""
        return max(rules.reading_ms(self.text), rules.reading_ms(self.below))


def make_cues(spoken: Iterable[SpokenText], rules: Rules, total_seconds: float) -> tuple[Cue, ...]:
    """Cues for everything spoken, in order, by the rules.

    Lines, widths, order, gaps and the longest time always hold. Reading speed and the shortest time
    hold wherever the pauses leave room; a cue takes time from the pause behind it first, then from
    that before it, and the pieces of one line share what there is for it. The validator reports what
    speech was too dense for.
    """
    total = math.floor(total_seconds * 1000)
    drafts = [
        piece
        for place, said in enumerate(_in_order(spoken, total))
        for piece in _cut_to_cues(replace(said, line=place), rules)
    ]
    return tuple(_time(_merge_short(drafts, rules), rules, total))


def _in_order(spoken: Iterable[SpokenText], total: int) -> list[Draft]:
    lines = [
        Draft(
            start=round(said.start * 1000),
            end=min(round(said.end * 1000), total),
            text=tidy(said.text),
            speaker=said.speaker,
            below=tidy(said.below),
        )
        for said in spoken
    ]
    return sorted((line for line in lines if line.text and line.start < total), key=lambda line: line.start)


def _cut_to_cues(said: Draft, rules: Rules) -> list[Draft]:
    """Pieces of one line; each gets the share of its time that it has of the text."""
    length = max(said.end - said.start, 1)
    pieces = _pieces(said, rules, at_least=math.ceil(length / rules.longest_ms))
    whole = sum(columns(piece) for piece, _ in pieces) or 1
    drafts: list[Draft] = []
    before = 0
    for piece, below in pieces:
        start = said.start + length * before // whole
        before += columns(piece)
        end = said.start + length * before // whole
        drafts.append(Draft(start, end, piece, said.speaker, below, said.line))
    return drafts


def _pieces(said: Draft, rules: Rules, at_least: int) -> list[tuple[str, str]]:
    """The text of each cue and what stands below it."""
    if not said.below:
        return [(piece, "") for piece in cut(said.text, rules, at_least)]
    one = rules.of_one_line()
    fewest = max(at_least, len(cut(said.text, one)), len(cut(said.below, one)))
    upper, lower = cut(said.text, one, fewest), cut(said.below, one, fewest)
    # Where one has fewer places to break, its last piece stays while the other goes on.
    return [
        (upper[min(n, len(upper) - 1)], lower[min(n, len(lower) - 1)])
        for n in range(max(len(upper), len(lower)))
    ]


def _merge_short(drafts: Sequence[Draft], rules: Rules) -> list[Draft]:
    """Join a cue that has no room for the shortest time with a neighbour of the same speaker."""
    merged: list[Draft] = []
    for draft in drafts:
        if merged and _room(merged[-1], draft, rules) < rules.shortest_ms:
            joined = _join(merged[-1], draft, rules)
            if joined is not None:
                merged[-1] = joined
                continue
            before = _join(merged[-2], merged[-1], rules) if len(merged) > 1 else None
            if before is not None:
                merged[-2:] = [before]
        merged.append(draft)
    return merged


def _room(draft: Draft, following: Draft, rules: Rules) -> int:
    return following.start - rules.gap_ms - draft.start


def _join(first: Draft, second: Draft, rules: Rules) -> Draft | None:
    if bool(first.below) != bool(second.below):
        return None
    below = f"{first.below} {second.below}" if first.below else ""
    joined = Draft(
        first.start,
        max(first.end, second.end),
        f"{first.text} {second.text}",
        first.speaker,
        below,
        second.line,
    )
    far = second.start - first.end > rules.shortest_ms
    long = max(second.end, first.end) - first.start > rules.longest_ms
    if first.speaker != second.speaker or far or long or joined.lines(rules) is None:
        return None
    return joined


def _time(drafts: Sequence[Draft], rules: Rules, total: int) -> list[Cue]:
    cues: list[Cue] = []
    free_from = 0
    said = [list(pieces) for _, pieces in groupby(drafts, key=lambda draft: draft.line)]
    for pieces, following in zip_longest(said, said[1:]):
        next_line = following[0].start if following else None
        pieces = _shared(pieces, free_from, next_line, rules, total)
        for draft, behind in zip_longest(pieces, pieces[1:]):
            words = (draft.start, draft.end)
            # Pieces of one line have had their shares already.
            until, shift = (behind.start, 0) if behind else (next_line, SHIFT_MS)
            start, end = _span(words, draft.reading_ms(rules), free_from, until, shift, rules, total)
            if end - start < rules.shortest_ms and start - draft.start <= 2 * SHIFT_MS:
                end = start + rules.shortest_ms
            end = min(max(end, start + rules.gap_ms), start + rules.longest_ms, max(total, start + 1))
            lines = draft.lines(rules)
            assert lines is not None, "pieces were cut to fit"
            cues.append(Cue(start, end, lines))
            free_from = end + rules.gap_ms
    return cues


def _span(
    words: Span, wanted: int, free_from: int, following: int | None, shift: int, rules: Rules, total: int
) -> Span:
    """When to show what is heard at `words` and wants to be read for so long, before what is `following`.

    Pauses are free to take; time of the next cue's words only as far as the shift allows.
    """
    natural = total if following is None else following - rules.gap_ms
    latest = total if following is None else natural + shift
    start = max(words[0], free_from)
    end = min(max(words[1], start + wanted), natural)
    if end - start < wanted:
        start = max(free_from, min(start, max(words[0] - SHIFT_MS, end - wanted)))
    if end - start < wanted:
        end = min(start + wanted, latest)
    return start, end


def _shared(
    pieces: Sequence[Draft], free_from: int, following: int | None, rules: Rules, total: int
) -> list[Draft]:
    """The pieces of one line, each with the time that it has to be read in, where there is so much for all;
    else all as fast as one another. They stay where their words are guessed as far as that goes."""
    wanted = [piece.reading_ms(rules) for piece in pieces]
    gaps = (len(pieces) - 1) * rules.gap_ms
    words = (pieces[0].start, pieces[-1].end)
    start, end = _span(words, sum(wanted) + gaps, free_from, following, SHIFT_MS, rules, total)
    free = end - start - gaps
    if len(pieces) == 1 or free < len(pieces):
        return list(pieces)
    if sum(wanted) > free:
        wanted = [free * each // sum(wanted) for each in wanted]
    starts = [start, *(piece.start for piece in pieces[1:])]
    for place in range(1, len(pieces)):
        starts[place] = max(starts[place], starts[place - 1] + wanted[place - 1] + rules.gap_ms)
    until = end
    for place in range(len(pieces) - 1, 0, -1):
        starts[place] = min(starts[place], until - wanted[place])
        until = starts[place] - rules.gap_ms
    begins = [pieces[0].start, *starts[1:]]
    ends = [*starts[1:], pieces[-1].end]
    return [
        replace(piece, start=begin, end=max(end, begin + 1))
        for piece, begin, end in zip(pieces, begins, ends, strict=True)
    ]
