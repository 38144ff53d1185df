"""A look-ahead limiter of true peaks.

True peak after ITU-R BS.1770-4, annex 2: the signal is oversampled four times. The gain falls
before a peak and comes back after it along straight lines, and is 1 everywhere else, so quiet
sound passes through bit for bit.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import scipy  # its parts are loaded when they are first used: scipy.signal takes seconds
from numpy.typing import NDArray

from octavia_assembler.sound import Samples
from octavia_assembler.timeline import SAMPLE_RATE

OVERSAMPLING = 4
_TAPS = 24 * OVERSAMPLING + 1
_DELAY = (_TAPS - 1) // 2 // OVERSAMPLING
"""Samples by which the oversampled signal lags."""

REACH = SAMPLE_RATE // 200
"""The gain moves over 5 ms on either side of what it has to hold down."""

_STRETCH = 2048
"""Frames that are looked at together."""

CONTEXT = 2 * REACH + _DELAY + 1
"""Frames on either side that decide on the gain of one."""


@cache
def _filter() -> NDArray[np.float32]:
    taps = scipy.signal.firwin(_TAPS, 1 / OVERSAMPLING, window=("kaiser", 6.0))
    return np.asarray(taps * OVERSAMPLING, np.float32)


@cache
def _largest_rise() -> float:
    """No true peak is higher than the highest sample times this (the filter's L1 norm)."""
    return float(max(np.abs(_filter()[phase::OVERSAMPLING]).sum() for phase in range(OVERSAMPLING)))


def true_peaks(samples: Samples) -> NDArray[np.float32]:
    """The highest true peak of any channel around each frame of (frames, 2), shaped (frames,)."""
    oversampled = np.abs(scipy.signal.upfirdn(_filter(), samples, up=OVERSAMPLING, axis=0)).max(axis=1)
    start = _DELAY * OVERSAMPLING
    around = oversampled[start : start + len(samples) * OVERSAMPLING].reshape(-1, OVERSAMPLING).max(axis=1)
    # A peak between two samples belongs to both.
    peaks: NDArray[np.float32] = np.maximum(around, np.concatenate([around[:1], around[:-1]]))
    return peaks


def limited(samples: Samples, ceiling_dbtp: float) -> Samples:
    """Hold the true peaks of (frames, 2) samples below `ceiling_dbtp`.

    Of the first and the last `CONTEXT` frames the outcome may be another one than within more sound.
    """
    ceiling = 10 ** (ceiling_dbtp / 20)
    if float(np.abs(samples).max(initial=0.0)) * _largest_rise() <= ceiling:
        return samples
    return np.asarray(samples * reductions(samples, ceiling)[:, None])


def highest_true_peak(samples: Samples) -> float:
    """The highest true peak of (frames, 2) samples, as a factor; only what may hold it is oversampled."""
    highest = float(np.abs(samples).max(initial=0.0))
    if highest == 0.0:
        return 0.0
    for loud in _loud_stretches(samples, highest):
        around = samples[max(loud.start - _DELAY - 1, 0) : loud.stop + _DELAY + 1]
        highest = max(highest, float(true_peaks(around).max()))
    return highest


def reductions(samples: Samples, ceiling: float) -> NDArray[np.float32]:
    """The factor for each frame: never above what its own true peak needs, and smooth."""
    needed = np.ones(len(samples), dtype=np.float32)
    for loud in _loud_stretches(samples, ceiling):
        first, last = max(loud.start - _DELAY - 1, 0), loud.stop + _DELAY + 1
        peaks = true_peaks(samples[first:last])[loud.start - first : loud.stop - first]
        needed[loud] = ceiling / np.maximum(peaks, ceiling)
    held = scipy.ndimage.minimum_filter1d(needed, 2 * REACH + 1, mode="nearest")
    # A mean over no more than the window of the minimum stays below what each frame needs.
    smooth: NDArray[np.float32] = np.minimum(
        scipy.ndimage.uniform_filter1d(held, 2 * REACH + 1, mode="nearest"), 1.0
    )
    return smooth


def _loud_stretches(samples: Samples, ceiling: float) -> Iterator[slice]:
    """The stretches in which a true peak may pass the ceiling: only these are worth oversampling."""
    edges = np.arange(0, len(samples), _STRETCH)
    highest = np.maximum.reduceat(np.abs(samples).max(axis=1), edges)
    # A peak beside a stretch's edge owes its height to the samples on both sides.
    around = np.maximum(highest, np.maximum(np.append(highest[1:], 0), np.append(0, highest[:-1])))
    for number in np.flatnonzero(around * _largest_rise() > ceiling):
        start = int(edges[number])
        yield slice(start, min(start + _STRETCH, len(samples)))
