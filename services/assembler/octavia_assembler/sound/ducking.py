"""How loud the source's own sound is under the dub: an envelope over the whole timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from octavia_assembler.sound import Samples
from octavia_assembler.timeline import SAMPLE_RATE, at_sample


@dataclass(frozen=True)
class Ducking:
    """How the background makes way for speech.

    Measured with a recogniser on the mix: at 14 dB it hears neither voice, at 20 dB some of the
    dub, at 26 dB mostly the dub; the rest of the depth is for what the source says after it.

    It falls by `depth_db` over `attack_seconds`, all of it before the speech begins, and comes back
    over `release_seconds` after it. Pauses too short to come back in, and `bridge_seconds` longer,
    stay down: sound that pumps within a sentence is worse than a quiet moment.
    """

    depth_db: float = 30.0
    attack_seconds: float = 0.04
    release_seconds: float = 0.2
    bridge_seconds: float = 0.1


@dataclass(frozen=True)
class Region:
    """A stretch of the timeline in samples, end excluded."""

    start: int
    end: int


def region_of(start_seconds: float, end_seconds: float) -> Region:
    """The region between two times in seconds."""
    return Region(at_sample(start_seconds), at_sample(end_seconds))


def merge(regions: Iterable[Region], closer_than: int) -> tuple[Region, ...]:
    """Join regions that overlap or lie less than `closer_than` samples apart."""
    merged: list[Region] = []
    for region in sorted(regions, key=lambda each: each.start):
        if region.end <= region.start:
            continue
        if merged and region.start - merged[-1].end < closer_than:
            merged[-1] = Region(merged[-1].start, max(merged[-1].end, region.end))
        else:
            merged.append(region)
    return tuple(merged)


class Envelope:
    """The background's gain at every sample: 1 in pauses, down by the depth under speech.

    Ramps are straight lines in decibels. The gain of a sample does not depend on how the timeline
    is cut into blocks.
    """

    def __init__(self, speech: Sequence[Region], ducking: Ducking) -> None:
        attack = round(ducking.attack_seconds * SAMPLE_RATE)
        release = round(ducking.release_seconds * SAMPLE_RATE)
        bridge = round(ducking.bridge_seconds * SAMPLE_RATE)
        self.regions = merge(speech, closer_than=attack + release + bridge)
        points: list[tuple[int, float]] = []
        for region in self.regions:
            points += [
                (region.start - attack, 0.0),
                (region.start, -ducking.depth_db),
                (region.end, -ducking.depth_db),
                (region.end + release, 0.0),
            ]
        self._at = np.array([at for at, _ in points] or [0], dtype=np.float64)
        self._decibels = np.array([decibels for _, decibels in points] or [0.0], dtype=np.float64)

    def gain(self, start: int, count: int) -> Samples:
        """Factors for the `count` samples from `start`, shaped (count,)."""
        first = int(np.searchsorted(self._at, start, side="right"))
        last = int(np.searchsorted(self._at, start + count, side="left"))
        around = slice(max(first - 1, 0), last + 1)
        decibels = np.interp(
            np.arange(start, start + count, dtype=np.float64), self._at[around], self._decibels[around]
        )
        return np.power(10.0, decibels / 20.0).astype(np.float32)
