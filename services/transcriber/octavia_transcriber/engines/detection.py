"""What tells which language is spoken, by some stretches of a source's speech."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from octavia_common.engines import Engine

MOST_SECONDS = 30.0
"""Longest stretch that is listened to: what Whisper hears at once."""


@dataclass(frozen=True)
class DetectionRequest:
    """Stretches of speech, each of at most `MOST_SECONDS`, as mono 16 kHz samples."""

    stretches: tuple[NDArray[np.int16], ...]
    model_size: str | None = None


Likelihoods = Mapping[str, float]
"""How likely each language (primary subtag) is; they sum to 1."""


class LanguageDetector(Engine[DetectionRequest, tuple[Likelihoods, ...]]):
    """A detector implements `work`: the likelihoods of each stretch, in their order."""

    kind = "language detector"

    def variant(self, model_size: str | None) -> Mapping[str, str]:
        """What else the answer depends on, beside name and version; as of `Recogniser`."""
        return {}
