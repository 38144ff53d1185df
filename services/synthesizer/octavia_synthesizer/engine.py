"""What every speech engine answers."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from octavia_common.engines import Engine
from octavia_common.errors import PermanentError

Samples = NDArray[np.float32]
"""Mono sound, one value a sample, full scale at ±1."""


@dataclass(frozen=True)
class SpeechRequest:
    """One line to be spoken.

    `rate` is how much faster than natural (1.0) it is to be spoken, within the engine's `rates`;
    `source_seconds` how long the speech it replaces lasts, for an engine that can aim.
    """

    text: str
    language: str
    voice: str
    rate: float = 1.0
    source_seconds: float = 0.0


@dataclass(frozen=True)
class Sound:
    """What an engine made: mono samples, so many a second. Silence around the speech may remain."""

    samples: Samples
    sample_rate: int


class LineUnspeakableError(PermanentError):
    """The engine can make no sound of this line, now or later; the others may be fine."""

    code = "line_unspeakable"


class SynthesisEngine(Engine[SpeechRequest, Sound]):
    """A speech engine: it implements `work`, `voice_for` and `languages`.

    `rates` are the slowest and fastest it can speak by itself; equal where it cannot change its
    rate, and then the sound is stretched instead.
    """

    kind = "synthesizer"
    rates: ClassVar[tuple[float, float]] = (1.0, 1.0)

    @abstractmethod
    def voice_for(self, language: str, speaker: str) -> str:
        """The voice of one speaker of the source, always the same one.

        Raises UnsupportedLanguageError, with what can be done, for a language it does not speak.
        """

    @abstractmethod
    def languages(self) -> Sequence[str] | None:
        """Tags of the languages it speaks; None where it takes any."""
