"""How long a line may and should sound. Pure; all lengths are samples at 48 kHz.

In this order: slow down to 0.85 where the line is shorter than the speech it replaces; speed up to
1.2 to end with it; else use the pause that follows, up to the slot's end; where that is not enough
speed up to 1.5 and flag it. Nobody understands faster speech: what does not fit even so ends where
the slot does, never running into the next speech, and is flagged `too_long` with how much is missing.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Self

from octavia_common.documents import Flag, TranslatedSegment

VERSION = 2
"""Part of the key of a spoken line: change it with what is decided here."""

SAMPLE_RATE = 48_000
SLOWEST = Fraction(85, 100)
FASTEST_UNNOTICED = Fraction(120, 100)
FASTEST_UNDERSTOOD = Fraction(150, 100)
TOLERANCE = Fraction(3, 100)
"""A take this near its aim is left as it is, within the bounds above: nobody hears the difference."""

SHORTEST_SLOT = SAMPLE_RATE // 10
"""Nothing can be said in less than 0.1 s."""


@dataclass(frozen=True)
class Slot:
    """Where a line is to sound: `source` is how long the speech it replaces lasts, `limit` the time
    until the slot's end, when the dub must be over."""

    source: int
    limit: int

    @classmethod
    def of(cls, segment: TranslatedSegment) -> Self:
        """The slot of a segment, its start rounded as whoever places it will (`round`)."""
        start = round(segment.start * SAMPLE_RATE)
        limit = floor(segment.slot_end * SAMPLE_RATE) - start
        return cls(source=min(round(segment.end * SAMPLE_RATE) - start, limit), limit=limit)

    @property
    def usable(self) -> bool:
        """Whether anything can be said in it."""
        return self.limit >= SHORTEST_SLOT


@dataclass(frozen=True)
class Fit:
    """What length is aimed at, and what lengths will do; what is longer than `limit` is cut there."""

    target: int
    shortest: int
    longest: int
    limit: int

    @property
    def middle(self) -> int:
        """What an inexact engine should aim at, to miss neither end."""
        return (self.shortest + self.longest) // 2

    def accepts(self, length: int) -> bool:
        """Whether a take of this length may stay as it is."""
        return self.shortest <= length <= self.longest


def fit(natural: int, slot: Slot) -> Fit:
    """How long a line of `natural` length should last in the slot.

    Raises ValueError for a slot or a sound of no length.
    """
    if natural <= 0 or slot.limit <= 0:
        raise ValueError(f"{natural} samples cannot be fitted into {slot}")
    slowed, hastened = floor(natural / SLOWEST), ceil(natural / FASTEST_UNNOTICED)
    understood = ceil(natural / FASTEST_UNDERSTOOD)
    target = max(min(max(slot.source, hastened), slowed, slot.limit), understood)
    return Fit(
        target=target,
        shortest=max(ceil(target * (1 - TOLERANCE)), _least(natural, target)),
        longest=max(target, min(floor(target * (1 + TOLERANCE)), slot.limit, slowed)),
        limit=slot.limit,
    )


def _least(natural: int, target: int) -> int:
    """The length below which a take would be worse (faster past a bound) than its aim."""
    for bound in (FASTEST_UNNOTICED, FASTEST_UNDERSTOOD):
        if natural <= bound * target:
            return ceil(natural / bound)
    return 1


def flags(natural: int, played: int, cut: int = 0) -> tuple[Flag, ...]:
    """What a person should know about a line of `natural` length: `played` samples of it are heard, `cut` are
    missing at its end."""
    raised: list[Flag] = []
    if natural > FASTEST_UNNOTICED * (played + cut):
        raised.append("rate_stretched")
    if cut:
        raised.append("too_long")
    return tuple(raised)
