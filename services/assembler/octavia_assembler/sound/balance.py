"""How loud the voice is in the mix, and the mix altogether, so that the dub is as loud as its source.

The background keeps its level wherever it can: the voice is set to the level of the source's own
speech, and within a bound the loudness of the whole is reached by the voice alone.

Gains go in steps: one changed line of many does not move them, and what was made with them stays. A line of
half an hour moves the loudness by some hundredths of a step, so it is seldom that one falls on the other
side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from octavia_assembler.sound.loudness import Energies, integrated, loudness_within

VOICE_FREEDOM_DB = 3.0
"""How far the voice may leave the level of the source's speech to reach the loudness of the whole."""

STEP_DB = 0.5
"""Gains are whole multiples of this: at most a quarter of a decibel off, which nobody hears."""

MOST_GAIN_DB = 40.0
"""No gain beyond this, whatever the figures say."""

USUAL_SPEECH_LUFS = -23.0
"""EBU R128's programme level: for a voice whose source gives no level."""


@dataclass(frozen=True)
class Measured:
    """Energies of the source, of the ducked background, of the voice, and of the two multiplied."""

    source: Energies
    bed: Energies
    voice: Energies
    cross: Energies

    def mixed(self, voice_gain: float) -> Energies:
        """Energies of background plus voice at this gain (a factor)."""
        energies = self.bed + 2 * voice_gain * self.cross + voice_gain**2 * self.voice
        return np.maximum(energies, 0.0)


@dataclass(frozen=True)
class Balance:
    """Factors: of the voice before it is added, and of the finished mix."""

    voice: float
    whole: float


def balance(
    measured: Measured, *, source_lufs: float | None, spoken: Sequence[slice], placed: Sequence[slice]
) -> Balance:
    """The gains that make the mix as loud as the source.

    `source_lufs` is the loudness to reach (measured on the source's own channels), `spoken` the hops
    in which the source speaks, `placed` those in which the dub does. Silence anywhere leaves the
    gain that would follow from it at 1. Gains are whole steps.
    """
    voice = loudness_within(measured.voice, placed)
    if voice is None:
        return Balance(1.0, _factor(in_steps(_missing(source_lufs, integrated(measured.bed)))))
    own = integrated(measured.source)
    level = loudness_within(measured.source, spoken)
    if level is None:
        level = own if own is not None else USUAL_SPEECH_LUFS
    usual = _bounded(level - voice)
    if own is None or source_lufs is None:
        return Balance(_factor(in_steps(usual)), 1.0)
    low, high = usual - VOICE_FREEDOM_DB, usual + VOICE_FREEDOM_DB
    for _ in range(30):
        middle = (low + high) / 2
        reached = integrated(measured.mixed(_factor(middle)))
        low, high = (middle, high) if reached is None or reached < own else (low, middle)
    gain = _factor(in_steps((low + high) / 2))
    return Balance(gain, _factor(in_steps(_missing(source_lufs, integrated(measured.mixed(gain))))))


def _missing(wanted: float | None, reached: float | None) -> float:
    return 0.0 if wanted is None or reached is None else _bounded(wanted - reached)


def _bounded(gain_db: float) -> float:
    return min(max(gain_db, -MOST_GAIN_DB), MOST_GAIN_DB)


def in_steps(gain_db: float) -> float:
    """The nearest whole step, in dB."""
    return round(gain_db / STEP_DB) * STEP_DB


def _factor(gain_db: float) -> float:
    return float(10 ** (gain_db / 20))
