"""Packs stretches of speech into the windows that Whisper hears at once.

Whisper was trained on 30 s. What is spoken inside a window keeps its own pauses, so that times need no
mapping back and silence tells where sentences end; what is between windows is never heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from octavia_common.documents import SpeechRegion, Word

MOST_SECONDS = 30.0
"""What Whisper hears at once."""

LONGEST_PAUSE_SECONDS = 3.0
"""Whisper invents text in long silence: a pause of this length ends a window."""

NEAR_SECONDS = 0.2
"""How far word times wander (they come from attention, in steps of 20 ms) without being in silence."""


@dataclass(frozen=True)
class Stretch:
    """From a time to a time, in seconds of the chunk's sound."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def wanted(stretches: Sequence[Stretch], regions: Sequence[SpeechRegion]) -> list[Stretch]:
    """The stretches in which also the plan has speech: nothing else may become a line."""
    return [
        stretch
        for stretch in stretches
        if any(
            region.start - NEAR_SECONDS < stretch.end and stretch.start < region.end + NEAR_SECONDS
            for region in regions
        )
    ]


def windows(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Windows in order, apart from each other, none above `MOST_SECONDS`, that cover all stretches.

    No more than needed, and as even as the pauses allow: a scrap at the end would lack context, and a batch
    takes as long as its longest window.
    """
    pieces = [piece for stretch in stretches for piece in _bounded(stretch)]
    packed = _pack(pieces, MOST_SECONDS)
    for limit in range(int(MOST_SECONDS) - 1, 0, -1):
        evener = _pack(pieces, limit)
        if len(evener) > len(packed):
            break
        packed = evener
    return packed


def _pack(pieces: Sequence[Stretch], limit: float) -> list[Stretch]:
    packed: list[Stretch] = []
    for piece in pieces:
        fits = (
            packed
            and piece.end - packed[-1].start <= limit
            and piece.start - packed[-1].end < LONGEST_PAUSE_SECONDS
        )
        if fits:
            packed[-1] = Stretch(packed[-1].start, piece.end)
        else:
            packed.append(piece)
    return packed


def _bounded(stretch: Stretch) -> list[Stretch]:
    """The stretch in equal parts that fit into a window: the detector of speech cuts longer ones itself."""
    count = max(1, -int(-stretch.seconds // MOST_SECONDS))
    step = stretch.seconds / count
    return [Stretch(stretch.start + n * step, stretch.start + (n + 1) * step) for n in range(count)]


def spoken(words: Sequence[Word], stretches: Sequence[Stretch]) -> list[Word]:
    """The words that lie where somebody speaks; what is heard in silence was never said."""
    return [
        word
        for word in words
        if any(
            stretch.start - NEAR_SECONDS < word.end and word.start < stretch.end + NEAR_SECONDS
            for stretch in stretches
        )
    ]
