"""The mix: any stretch of the sum of background and voice, and the figures from which its gains are found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from octavia_common.cancellation import CancelToken

from octavia_assembler.sound import BLOCK, Samples
from octavia_assembler.sound.balance import Balance, Measured
from octavia_assembler.sound.ducking import Envelope, Region
from octavia_assembler.sound.loudness import HOP, HopMeans, KWeighting
from octavia_assembler.sound.speech import SpeechTrack
from octavia_assembler.timeline import SAMPLE_RATE

SETTLE = SAMPLE_RATE // 2
"""Samples after which a filter of BS.1770 no longer knows where it was begun: what it rings falls by far more
than 100 dB in half a second."""

_ONE = np.float32(1)


class Sound(Protocol):
    """Stereo sound that can be read anywhere."""

    def read(self, start: int, count: int) -> Samples:
        """`count` frames from `start`, shaped (count, 2); silence outside."""
        ...


@dataclass(frozen=True)
class Mix:
    """What goes into a mix: the source's sound, the voice, and the background's envelope.

    All of it ends at sample `total`. `own_voice` is the source's own, by itself, where it could be
    separated: then it alone makes way, and what else sounds stays as it is.
    """

    source: Sound
    voice: SpeechTrack
    envelope: Envelope
    total: int
    own_voice: Sound | None = None

    def measure(self, start: int, end: int, cancel: CancelToken) -> Measured:
        """Energies of the hops of `start..end`, whose filter has heard what is before; in flat memory."""
        weighting = KWeighting(5)
        means = [HopMeans() for _ in range(4)]
        for first, count in stretches(max(start - SETTLE, 0), start):
            weighting.filter(self._parts(first, count))
        for first, count in stretches(start, end):
            cancel.raise_if_cancelled()
            heard = weighting.filter(self._parts(first, count))
            own, ducked, spoken = heard[:, 0:2], heard[:, 2:4], heard[:, 4]
            means[0].add(np.square(own).sum(axis=1))
            means[1].add(np.square(ducked).sum(axis=1))
            means[2].add(2 * np.square(spoken))
            means[3].add(ducked.sum(axis=1) * spoken)
        source_means, bed_means, voice_means, cross_means = (each.result() for each in means)
        return Measured(source=source_means, bed=bed_means, voice=voice_means, cross=cross_means)

    def _parts(self, start: int, count: int) -> Samples:
        source = self._source(start, count)
        return np.column_stack([source, self._bed(source, start), self.voice.read(start, count)])

    def read(self, start: int, count: int, gains: Balance) -> tuple[Samples, Samples]:
        """The sum, shaped (count, 2), and the voice in it, shaped (count,)."""
        whole, voice_gain = np.float32(gains.whole), np.float32(gains.voice * gains.whole)
        voice = self.voice.read(start, count) * voice_gain
        return self._bed(self._source(start, count), start, whole) + voice[:, None], voice

    def _source(self, start: int, count: int) -> Samples:
        return _ended(self.source.read(start, count), start, self.total)

    def _bed(self, source: Samples, start: int, whole: np.float32 = _ONE) -> Samples:
        """What stays of the source under the dub, times `whole`."""
        gain = self.envelope.gain(start, len(source))
        if self.own_voice is None:
            return np.asarray(source * (gain * whole)[:, None])
        own = _ended(self.own_voice.read(start, len(source)), start, self.total)
        return np.asarray((source - own * (_ONE - gain)[:, None]) * whole)


def _ended(sound: Samples, start: int, total: int) -> Samples:
    """Silence from `total` on."""
    if start + len(sound) > total:
        sound[max(total - start, 0) :] = 0
    return sound


def stretches(start: int, end: int) -> Iterator[tuple[int, int]]:
    """(start, count) of pieces that are handled at once."""
    for first in range(start, end, BLOCK):
        yield first, min(BLOCK, end - first)


def hops_of(regions: Iterable[Region]) -> list[slice]:
    """The hops that lie wholly inside regions, or at least one for a short region."""
    found: list[slice] = []
    for region in regions:
        first, last = -(-region.start // HOP), region.end // HOP
        if region.end > region.start:
            found.append(slice(first, last) if last > first else slice(region.start // HOP, first))
    return found
