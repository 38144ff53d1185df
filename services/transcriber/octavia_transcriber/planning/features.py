"""What the ear of the planner hears: band levels and tonality every 10 ms, from a stream of PCM.

An hour of sound becomes about 3 MB of features, so that hours of input are planned in flat memory.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP = 160
"""Samples from one frame to the next: 10 ms. Frame k is centred on `k * HOP`."""
FRAMES_PER_SECOND = SAMPLE_RATE // HOP

BANDS_HZ = ((100, 400), (400, 1_000), (1_000, 2_000), (2_000, 4_000), (4_000, 7_500))
"""From a low voice's fundamental to fricatives. Below 100 Hz lie hum and rumble."""
VOICE_BANDS = 4
"""The first so many bands hold what makes a voice audible; the last one only sibilants and cymbals."""

_LEVEL_WINDOW = 320
_FINE_WINDOW = 1_024
_FINE_HZ = (150, 3_000)
_FINE_LAG = 8
_ENVELOPE_BINS = 15
_SILENCE_POWER = 1e-9
_BLOCK_FRAMES = 2_000
_DIP_FRAMES = 5

Frames = NDArray[np.int16]
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """`levels`: frames x bands, hundredths of dB below full scale. `tonality`: frames, hundredths.

    Tonality is the correlation of the spectrum's fine structure with that 80 ms later: near 1 for
    held notes and hum, near 0 for noise and for a voice, whose pitch never stands still.
    """

    levels: Frames
    tonality: Frames

    def __len__(self) -> int:
        return len(self.tonality)

    def decibels(self, near: slice) -> Levels:
        """Levels of some frames in dB, frames x bands."""
        return self.levels[near].astype(np.float32) / np.float32(100)

    def quietest(self, start: float, end: float) -> float:
        """The middle of the softest 50 ms between two times, all in seconds."""
        first = max(0, math.ceil(start * FRAMES_PER_SECOND))
        last = min(len(self), math.floor(end * FRAMES_PER_SECOND) + 1)
        loudest = self.levels[first:last].max(axis=1, initial=-32_768).astype(np.float32)
        if len(loudest) < _DIP_FRAMES:
            return (start + end) / 2
        dips = np.convolve(loudest, np.ones(_DIP_FRAMES), mode="valid")
        return (first + int(np.argmin(dips)) + _DIP_FRAMES // 2) / FRAMES_PER_SECOND


def extract(blocks: Iterable[NDArray[np.int16]]) -> Features:
    """Features of mono 16 kHz sound that arrives in blocks of any length."""
    levels: list[Frames] = []
    tonality: list[Frames] = []
    half = _FINE_WINDOW // 2
    reach = _FINE_WINDOW + _FINE_LAG * HOP
    held = np.zeros(half, np.int16)  # sound before the first sample, so that frame 0 is centred on it

    def consume(frames: int) -> None:
        nonlocal held
        for first in range(0, frames, _BLOCK_FRAMES):
            count = min(_BLOCK_FRAMES, frames - first)
            part = held[first * HOP : (first + count - 1) * HOP + reach].astype(np.float32) / np.float32(
                32_768
            )
            levels.append(_levels(part, count))
            tonality.append(_tonality(part, count))
        held = held[frames * HOP :]

    samples = 0
    for block in blocks:
        samples += len(block)
        held = np.concatenate([held, block])
        consume(max(0, (len(held) - reach) // HOP))
    done = sum(len(part) for part in tonality)
    total = -(-samples // HOP)
    held = np.concatenate([held, np.zeros(reach, np.int16)])
    consume(total - done)
    if not levels:
        return Features(np.zeros((0, len(BANDS_HZ)), np.int16), np.zeros(0, np.int16))
    return Features(np.concatenate(levels), _held_to_the_end(np.concatenate(tonality)))


def _held_to_the_end(tonality: Frames) -> Frames:
    """The last frames, which were compared with the silence after the end, as the one before them."""
    lost = _FINE_LAG + -(-_FINE_WINDOW // (2 * HOP))
    if len(tonality) > lost:
        tonality[-lost:] = tonality[-lost - 1]
    return tonality


def _windows(sound: NDArray[np.float32], size: int, start: int, count: int) -> NDArray[np.float32]:
    view = np.lib.stride_tricks.sliding_window_view(sound[start:], size)[::HOP]
    return view[:count] * np.hanning(size).astype(np.float32)


def _levels(sound: NDArray[np.float32], count: int) -> Frames:
    offset = (_FINE_WINDOW - _LEVEL_WINDOW) // 2
    power = np.abs(np.fft.rfft(_windows(sound, _LEVEL_WINDOW, offset, count), axis=1)) ** 2
    hertz = np.fft.rfftfreq(_LEVEL_WINDOW, 1 / SAMPLE_RATE)
    scale = 2 / (_LEVEL_WINDOW * np.sum(np.hanning(_LEVEL_WINDOW) ** 2))
    bands = np.stack([power[:, (hertz >= lo) & (hertz < hi)].sum(1) for lo, hi in BANDS_HZ], axis=1)
    return np.asarray(np.rint(1_000 * np.log10(bands * scale + _SILENCE_POWER)), np.int16)


def _tonality(sound: NDArray[np.float32], count: int) -> Frames:
    spectrum = np.abs(np.fft.rfft(_windows(sound, _FINE_WINDOW, 0, count + _FINE_LAG), axis=1))
    hertz = np.fft.rfftfreq(_FINE_WINDOW, 1 / SAMPLE_RATE)
    log = np.log(spectrum[:, (hertz >= _FINE_HZ[0]) & (hertz < _FINE_HZ[1])] + 1e-4)
    side = _ENVELOPE_BINS // 2
    sums = np.cumsum(np.pad(log, ((0, 0), (side + 1, side)), mode="edge"), axis=1)
    fine = log - (sums[:, _ENVELOPE_BINS:] - sums[:, :-_ENVELOPE_BINS]) / _ENVELOPE_BINS
    fine /= np.linalg.norm(fine, axis=1, keepdims=True) + 1e-6
    return np.asarray(np.rint(100 * (fine[:-_FINE_LAG] * fine[_FINE_LAG:]).sum(1)), np.int16)
