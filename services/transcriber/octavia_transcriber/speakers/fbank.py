"""Log mel filter banks as Kaldi computes them, which models of speakers' voices are trained on.

25 ms windows every 10 ms, pre-emphasis 0.97, Povey's window, mel bands from 20 Hz to half the rate, natural
logarithm of power, on samples of 16-bit size; no dither, so that equal sound gives equal features.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
_WINDOW = 400
_HOP = 160
_SPECTRUM = 512
_PRE_EMPHASIS = 0.97
_LOWEST_HZ = 20.0
_LEAST_POWER = float(np.finfo(np.float32).eps)

Features = NDArray[np.float32]


def fbank(samples: NDArray[np.int16], bands: int = 80) -> Features:
    """Frames x bands, less the mean of each band: what a microphone adds to all frames is no voice."""
    if len(samples) < _WINDOW:
        samples = np.pad(samples, (0, _WINDOW - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP].astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - _PRE_EMPHASIS * before) * _povey()
    power = np.abs(np.fft.rfft(frames, _SPECTRUM, axis=1)) ** 2
    mel = power @ _filters(bands).T
    features = np.log(np.maximum(mel, _LEAST_POWER))
    return np.asarray(features - features.mean(axis=0), np.float32)


@lru_cache
def _povey() -> NDArray[np.float64]:
    return np.asarray(np.hanning(_WINDOW) ** 0.85)


@lru_cache
def _filters(bands: int) -> NDArray[np.float64]:
    """Triangles that are equal on the mel scale: bands x bins."""

    def mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(hertz / 700.0)

    lowest, highest = mel(np.array([_LOWEST_HZ, SAMPLE_RATE / 2]))
    edges = np.linspace(float(lowest), float(highest), bands + 2)
    bins = mel(np.asarray(np.fft.rfftfreq(_SPECTRUM, 1 / SAMPLE_RATE), np.float64))
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))
