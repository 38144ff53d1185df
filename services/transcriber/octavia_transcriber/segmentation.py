"""Recognised words become segments: sentences or clauses that are dubbed as one line.

Rules after what dubbing tools learnt the hard way: break at sentences, then clauses and pauses,
then words; ideally 4.5 s, 1.5 to 9 s; pieces less than 0.6 s apart may be one, others never. Starts
and ends are the acoustic ones of the speech regions, since word times of a recogniser wander.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from octavia_common.documents import Segment, SpeechRegion, Word
from octavia_common.events import ChunkRef

SEGMENTATION = "1"
"""Version of these rules, part of the keys of transcripts: change it when they change."""


@dataclass(frozen=True)
class SegmentRules:
    """Times in seconds."""

    ideal: float = 4.5
    shortest: float = 1.5
    longest: float = 9.0
    always_break: float = 0.6
    """A pause from which on two pieces are never one segment."""
    likely_break: float = 0.35
    """A pause that ends a clause; recognisers without punctuation have nothing better."""
    snap: float = 0.4
    """How far a word's time may be from the edge of its region and still mean that edge."""
    stray: float = 0.15
    """A word farther than this from all speech was heard in silence or music: it is dropped."""
    guard: float = 0.05
    """Silence kept before the next speech."""
    notable: float = 0.5
    """A region this long counts as speech that nothing may run into, understood or not."""


@dataclass(frozen=True)
class _Placed:
    word: Word
    region: int


@dataclass(frozen=True)
class _Piece:
    start: float
    end: float
    words: tuple[_Placed, ...]


def make_segments(
    words: Sequence[Word],
    regions: Sequence[SpeechRegion],
    chunk: ChunkRef,
    *,
    language: str = "en",
    rules: SegmentRules | None = None,
) -> tuple[Segment, ...]:
    """Segments of one chunk, in order and without overlap; equal input gives equal segments.

    `words` are in order, with absolute times as `regions`, each of which has one speaker; no segment has two.
    Ids are the chunk's index and the
    segment's ordinal in it, hence the same for every job on the same source.
    """
    rules = rules or SegmentRules()
    placed = _place(words, regions, rules)
    pieces = [
        _piece(placed[first:last], placed, first, regions, rules)
        for first, last in _breaks(placed, regions, rules)
    ]
    understood = {item.region for item in placed}
    unknown = [r.start for n, r in enumerate(regions) if n not in understood and _is_notable(r, rules)]
    segments = []
    for ordinal, piece in enumerate(pieces):
        begins = [other.start for other in pieces[ordinal + 1 : ordinal + 2]] or [chunk.next_speech_start]
        after = min([*begins, *(start for start in unknown if start >= piece.end)])
        segments.append(
            Segment(
                id=f"{chunk.index:04d}-{ordinal + 1:02d}",
                speaker=regions[piece.words[0].region].speaker,
                start=round(piece.start, 3),
                end=round(piece.end, 3),
                slot_end=round(max(after - rules.guard, _middle(piece.start, after)), 3),
                text=tidy([item.word.text for item in piece.words], language),
                words=tuple(item.word for item in piece.words),
            )
        )
    return tuple(segments)


def tidy(words: Sequence[str], language: str = "en") -> str:
    """Words as a line of text: the first letter large, in English "I" too, spaces where used."""
    primary = language.lower().replace("_", "-").split("-")[0]
    if primary == "en":
        words = ["I" + word[1:] if word == "i" or word.startswith("i'") else word for word in words]
    if primary in _WITHOUT_SPACES:
        return "".join(_apart(*pair) for pair in itertools.pairwise(["", *words]))
    text = " ".join(words)
    return text[:1].upper() + text[1:]


_WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "my"})
"""Languages that recognisers split where no space is."""


def _apart(before: str, word: str) -> str:
    """A word of such a language, with a space between two that are written in Latin letters."""
    latin = before[-1:].isascii() and before[-1:].isalnum() and word[:1].isascii() and word[:1].isalnum()
    return f" {word}" if latin else word


def _place(words: Sequence[Word], regions: Sequence[SpeechRegion], rules: SegmentRules) -> list[_Placed]:
    """Each word with the region it overlaps most; regions never go back. Strays are left out."""
    placed: list[_Placed] = []
    for word in words:
        first = placed[-1].region if placed else 0
        overlaps = [
            (min(word.end, regions[n].end) - max(word.start, regions[n].start), -n)
            for n in range(first, len(regions))
        ]
        if not overlaps:
            continue
        most, number = max(overlaps)
        if most > -rules.stray:
            placed.append(_Placed(word, -number))
    return placed


def _breaks(
    placed: Sequence[_Placed], regions: Sequence[SpeechRegion], rules: SegmentRules
) -> list[tuple[int, int]]:
    """The cheapest division of the words into segments, as ranges of their numbers."""
    costs = [_break_cost(a, b, regions, rules) for a, b in itertools.pairwise(placed)]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for last in range(len(placed)):
        options: list[tuple[float, int]] = []
        for first in range(last, -1, -1):
            if first < last and costs[first] == -math.inf:
                break
            part = _piece(placed[first : last + 1], placed, first, regions, rules)
            length = part.end - part.start
            if length > 2 * rules.longest and options:
                break
            broken = costs[first - 1] if first else 0.0
            broken = 0.0 if broken == -math.inf else broken
            options.append((best[first][0] + _length_cost(length, rules) + broken, first))
        best.append(min(options))
    ranges: list[tuple[int, int]] = []
    upto = len(placed)
    while upto:
        ranges.append((best[upto][1], upto))
        upto = best[upto][1]
    return ranges[::-1]


def _break_cost(one: _Placed, two: _Placed, regions: Sequence[SpeechRegion], rules: SegmentRules) -> float:
    """What it costs to break between two words; minus infinity where it must be."""
    pause = _pause(one, two, regions)
    if pause >= rules.always_break or regions[one.region].speaker != regions[two.region].speaker:
        return -math.inf
    if one.word.text.endswith((".", "!", "?", "…", "。", "！", "？")):
        return -0.5
    if pause >= rules.likely_break:
        return -0.1 - (pause - rules.likely_break)
    if one.word.text.endswith((",", ";", ":", "，", "、")):
        return 0.2
    return 1.5 - 2 * pause


def _pause(one: _Placed, two: _Placed, regions: Sequence[SpeechRegion]) -> float:
    if one.region == two.region:
        return 0.0
    return round(regions[two.region].start - regions[one.region].end, 3)


def _length_cost(length: float, rules: SegmentRules) -> float:
    off = (length - rules.ideal) / rules.ideal
    if length > rules.longest:
        return off * off + 10 * (length - rules.longest + 1)
    return off * off + (1.0 if length < rules.shortest else 0.0)


def _piece(
    words: Sequence[_Placed],
    everything: Sequence[_Placed],
    first: int,
    regions: Sequence[SpeechRegion],
    rules: SegmentRules,
) -> _Piece:
    """The words with the acoustic times of what they are the beginning and end of."""
    before = everything[first - 1] if first else None
    after = everything[first + len(words)] if first + len(words) < len(everything) else None
    head, tail = words[0], words[-1]
    start = _onset(head, before, regions[head.region], rules)
    end = _offset(tail, after, regions[tail.region], rules)
    return _Piece(start, max(end, start), tuple(words))


def _onset(word: _Placed, before: _Placed | None, region: SpeechRegion, rules: SegmentRules) -> float:
    opens = before is None or before.region != word.region
    if opens and word.word.start - region.start <= rules.snap:
        return region.start
    start = min(max(word.word.start, region.start), region.end)
    return start if before is None or opens else max(start, _edge(before, word, region))


def _offset(word: _Placed, after: _Placed | None, region: SpeechRegion, rules: SegmentRules) -> float:
    closes = after is None or after.region != word.region
    if closes and region.end - word.word.end <= rules.snap:
        return region.end
    end = max(min(word.word.end, region.end), region.start)
    return end if after is None or closes else min(end, _edge(word, after, region))


def _edge(one: _Placed, two: _Placed, region: SpeechRegion) -> float:
    """Where one word gives way to the next inside a region, should their times overlap."""
    edge = two.word.start if one.word.end <= two.word.start else _middle(one.word.end, two.word.start)
    return min(max(edge, region.start), region.end)


def _is_notable(region: SpeechRegion, rules: SegmentRules) -> bool:
    return region.end - region.start >= rules.notable


def _middle(earlier: float, later: float) -> float:
    return (earlier + later) / 2
