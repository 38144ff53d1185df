"""Quiet music to lie under speech: slow chords and a plucked figure over them, synthesised."""

from functools import lru_cache

import numpy as np

from octavia_samples.voices import RATE, Sound, rms

BAR_SECONDS = 4.0

_CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))
"""A minor, F, C, G: MIDI note numbers."""


@lru_cache(maxsize=1)
def loop() -> Sound:
    """16 s of music that can be repeated without a click, with an RMS of 1."""
    music = np.concatenate([_bar(chord) for chord in _CHORDS])
    return (music / rms(music)).astype(np.float32)


def _bar(notes: tuple[int, ...]) -> Sound:
    count = int(BAR_SECONDS * RATE)
    seconds = np.arange(count) / RATE
    swell = np.sin(np.pi * np.arange(count) / count) ** 0.5
    sound = sum(np.sin(2 * np.pi * _hertz(note) * seconds) for note in notes) * swell * 0.5
    for beat in range(8):
        pluck = seconds - beat * BAR_SECONDS / 8
        fading = np.where(pluck >= 0, np.exp(-6 * np.maximum(pluck, 0)), 0.0) * (swell > 0.05)
        sound = sound + 0.4 * fading * np.sin(2 * np.pi * _hertz(notes[beat % 3] + 12) * np.maximum(pluck, 0))
    # The tail of a bar fades so that the next one begins from silence.
    sound = sound * np.minimum(1.0, (count - np.arange(count)) / (0.05 * RATE))
    return np.asarray(sound, dtype=np.float32)


def _hertz(note: int) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))
