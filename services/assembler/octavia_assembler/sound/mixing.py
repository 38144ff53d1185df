"""The mix: measure source, background and voice in one pass over raw sound, then write the sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from octavia_common.cancellation import CancelToken

from octavia_assembler.sound import Samples
from octavia_assembler.sound.balance import Balance, Measured, balance
from octavia_assembler.sound.ducking import Envelope, Region
from octavia_assembler.sound.loudness import HOP, HopMeans, KWeighting
from octavia_assembler.sound.raw import RawSound, blocks
from octavia_assembler.sound.speech import SpeechTrack
from octavia_assembler.timeline import SAMPLE_RATE

_ONE = np.float32(1)


@dataclass(frozen=True)
class Mix:
    """What goes into a mix: the source's sound, the voice, and the background's envelope.

    `spoken` is where the source speaks, `placed` where the dub does. `own_voice` is the source's own, by
    itself, where it could be separated: then it alone makes way, and what else sounds stays as it is.
    """

    source: RawSound
    voice: SpeechTrack
    envelope: Envelope
    spoken: Sequence[Region]
    placed: Sequence[Region]
    own_voice: RawSound | None = None

    def find_balance(self, source_lufs: float | None, cancel: CancelToken) -> Balance:
        """The gains of the voice and of the whole; reads everything once, keeps ten figures a second."""
        return balance(
            self._measure(cancel),
            source_lufs=source_lufs,
            spoken=_hops(self.spoken),
            placed=_hops(self.placed),
        )

    def _measure(self, cancel: CancelToken) -> Measured:
        weighting = KWeighting(5)
        means = [HopMeans() for _ in range(4)]
        for start, count in blocks(self.source.frames):
            cancel.raise_if_cancelled()
            source = self.source.read(start, count)
            voice = self.voice.read(start, count)
            bed = self._bed(source, start, count)
            heard = weighting.filter(np.column_stack([source, bed, voice]))
            own, ducked, spoken = heard[:, 0:2], heard[:, 2:4], heard[:, 4]
            means[0].add(np.square(own).sum(axis=1))
            means[1].add(np.square(ducked).sum(axis=1))
            means[2].add(2 * np.square(spoken))
            means[3].add(ducked.sum(axis=1) * spoken)
        source_means, bed_means, voice_means, cross_means = (each.result() for each in means)
        return Measured(source=source_means, bed=bed_means, voice=voice_means, cross=cross_means)

    def _bed(self, source: Samples, start: int, count: int, whole: np.float32 = _ONE) -> Samples:
        """What stays of the source under the dub, times `whole`."""
        gain = self.envelope.gain(start, count)
        if self.own_voice is None:
            return np.asarray(source * (gain * whole)[:, None])
        lowered = self.own_voice.read(start, count) * (np.float32(1) - gain)[:, None]
        return np.asarray((source - lowered) * whole)

    def write(self, gains: Balance, speech_only: Path, cancel: CancelToken) -> None:
        """Write the mix over the source's sound, and the voice alone as mono FLAC to `speech_only`."""
        whole, voice_gain = np.float32(gains.whole), np.float32(gains.voice * gains.whole)
        with soundfile.SoundFile(
            str(speech_only), "w", samplerate=SAMPLE_RATE, channels=1, format="FLAC", subtype="PCM_16"
        ) as stem:
            for start, count in blocks(self.source.frames):
                cancel.raise_if_cancelled()
                voice = self.voice.read(start, count) * voice_gain
                bed = self._bed(self.source.read(start, count), start, count, whole)
                self.source.write(start, bed + voice[:, None])
                stem.write(np.clip(voice, -1.0, 1.0))


def _hops(regions: Iterable[Region]) -> list[slice]:
    """The hops that lie wholly inside regions, or at least one for a short region."""
    stretches: list[slice] = []
    for region in regions:
        first, last = -(-region.start // HOP), region.end // HOP
        if region.end > region.start:
            stretches.append(slice(first, last) if last > first else slice(region.start // HOP, first))
    return stretches
