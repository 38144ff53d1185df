"""What a neural voice gets wrong, and whether a take shows it. Pure."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

import numpy as np

from octavia_synthesizer.engine import Samples

Fault = Literal["silent", "too short", "too long", "clipped"]

SILENCE_RMS = 2e-3
"""-54 dBFS over the loudest tenth of a second: nobody spoke."""

QUICKEST, SLOWEST = 0.02, 0.40
"""Seconds a letter. People speak 12 to 20 letters a second; a take beyond these has dropped words or goes
on babbling."""

LEAST_SECONDS, SPARE_SECONDS = 0.08, 2.0
"""The shortest word, and what pauses and a slow start may add."""

FULL_SCALE, CLIPPED_SHARE = 0.999, 0.005

_SYLLABIC = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
LETTERS_OF_A_SIGN = 3
"""A sign of a syllabic script takes about as long as three letters."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a take; `usable` where it may be played all the same when no better one comes."""

    fault: Fault

    @property
    def usable(self) -> bool:
        return self.fault == "clipped"


def letters(text: str) -> int:
    """How much there is to say, in letters of an alphabet."""
    return sum(
        LETTERS_OF_A_SIGN if unicodedata.name(character, "").startswith(_SYLLABIC) else 1
        for character in text
        if character.isalnum()
    )


def judged(samples: Samples, sample_rate: int, text: str) -> Verdict | None:
    """What is wrong with a take of `text`, silence around it removed; None where nothing is."""
    window = max(1, sample_rate // 10)
    if len(samples) == 0 or not np.isfinite(samples).all() or _loudest(samples, window) < SILENCE_RMS:
        return Verdict("silent")
    count, seconds = letters(text), len(samples) / sample_rate
    if seconds < max(LEAST_SECONDS, QUICKEST * count):
        return Verdict("too short")
    if seconds > SPARE_SECONDS + SLOWEST * count:
        return Verdict("too long")
    if float(np.mean(np.abs(samples) >= FULL_SCALE)) > CLIPPED_SHARE:
        return Verdict("clipped")
    return None


def _loudest(samples: Samples, window: int) -> float:
    padded = np.pad(samples, (0, -len(samples) % window)).reshape(-1, window)
    return float(np.sqrt(np.mean(np.square(padded, dtype=np.float64), axis=1)).max())
