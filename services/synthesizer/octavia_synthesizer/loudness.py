"""How loud a line is (ITU-R BS.1770-4), without gates: a line is speech from end to end."""

import math

import numpy as np

from octavia_synthesizer.engine import Samples
from octavia_synthesizer.fitting import SAMPLE_RATE

_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
"""The K-weighting of annex 1, tables 1 and 2, for 48 kHz: numerators and denominators (without their 1)."""

QUIETEST_LUFS = -70.0
"""Below this is silence."""


def loudness(samples: Samples) -> float | None:
    """LUFS of sound at 48 kHz in one channel; None for silence."""
    if len(samples) == 0:
        return None
    spectrum = np.fft.rfft(samples.astype(np.float64), n=_padded(len(samples)))
    delay = np.exp(-2j * np.pi * np.arange(len(spectrum)) / _padded(len(samples)))
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        spectrum *= (numerator[0] + numerator[1] * delay + numerator[2] * delay**2) / (
            1 + denominator[0] * delay + denominator[1] * delay**2
        )
    # Parseval: of a real signal, all but the first and the last bin stand for two.
    energy = np.square(np.abs(spectrum))
    total = (2 * energy.sum() - energy[0] - energy[-1]) / _padded(len(samples))
    lufs = -0.691 + 10 * math.log10(max(float(total) / len(samples), 1e-20))
    return round(lufs, 2) if lufs > QUIETEST_LUFS else None


def _padded(length: int) -> int:
    """A power of two with room for what the filters ring on."""
    return int(2 ** math.ceil(math.log2(length + SAMPLE_RATE // 10)))
