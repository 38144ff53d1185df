"""Loudness of EBU R128 (ITU-R BS.1770-4) from energies of short hops, so that gains can be tried
without touching the sound again.

They add up: the figures of a whole come from those of its parts, and only what is made anew is measured.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy  # scipy.signal is loaded when it is first used: that takes seconds
from numpy.typing import NDArray

from octavia_assembler.timeline import SAMPLE_RATE

HOP = SAMPLE_RATE // 10
"""Energies are kept for each 100 ms: a gating block is four of them."""

K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
"""The two filters of BS.1770-4, annex 1, tables 1 and 2, for 48 kHz."""

SILENCE_LUFS = -70.0
"""Blocks below this count as silence."""

Energies = NDArray[np.float64]
"""Mean K-weighted power of each hop, shaped (hops,), channels summed."""


class KWeighting:
    """The filter over a stream of one or more channels; remembers its state between blocks."""

    def __init__(self, channels: int) -> None:
        self._state = np.zeros((len(K_WEIGHTING), 2, channels))

    def filter(self, samples: NDArray[np.floating]) -> NDArray[np.float64]:
        """The weighted block, shaped (frames, channels) as it came."""
        weighted, self._state = scipy.signal.sosfilt(K_WEIGHTING, samples, axis=0, zi=self._state)
        return np.asarray(weighted)


class HopMeans:
    """Means over hops of a stream of numbers given in blocks of any size."""

    def __init__(self) -> None:
        self._rest = np.zeros(0)
        self._means: list[NDArray[np.float64]] = []

    def add(self, values: NDArray[np.float64]) -> None:
        """Take the next block, shaped (frames,)."""
        values = np.concatenate([self._rest, values])
        whole = len(values) // HOP * HOP
        self._means.append(values[:whole].reshape(-1, HOP).mean(axis=1))
        self._rest = values[whole:]

    def result(self) -> Energies:
        """The means of all hops; an unfinished last hop counts as if silence followed."""
        rest = [np.array([self._rest.sum() / HOP])] if len(self._rest) else []
        return np.concatenate([*self._means, *rest]) if self._means or rest else np.zeros(0)


def decibels(power: float) -> float:
    """BS.1770's loudness of a weighted mean power, in LUFS."""
    return -0.691 + 10 * math.log10(max(power, 1e-20))


def peak_decibels(peak: float) -> float:
    """A peak (a factor) in decibels below full scale."""
    return 20 * math.log10(max(peak, 1e-10))


def integrated(energies: Energies) -> float | None:
    """Gated integrated loudness in LUFS; None where everything is below -70 LUFS."""
    if len(energies) == 0:
        return None
    padded = np.concatenate([energies, np.zeros(max(0, 4 - len(energies)))])
    means = np.convolve(padded, np.full(4, 0.25), mode="valid")
    return _gated(means)


def loudness_within(energies: Energies, hops: Sequence[slice]) -> float | None:
    """Loudness of some stretches of hops taken together, gated likewise; None for silence."""
    chosen = [energies[stretch] for stretch in hops]
    return _gated(np.concatenate(chosen)) if chosen else None


def _gated(means: NDArray[np.float64]) -> float | None:
    heard = means[means > 10 ** ((SILENCE_LUFS + 0.691) / 10)]
    if len(heard) == 0:
        return None
    heard = heard[heard > heard.mean() * 0.1]  # the relative gate: 10 LU below the mean so far
    return decibels(float(heard.mean()))
