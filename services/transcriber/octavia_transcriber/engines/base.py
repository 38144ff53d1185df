"""What every recogniser takes and gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from octavia_common.documents import SpeechRegion, Word
from octavia_common.engines import Engine
from octavia_common.errors import UnsupportedLanguageError
from octavia_common.events import EnginePublished


@dataclass(frozen=True)
class RecognitionRequest:
    """One chunk: mono 16 kHz samples, and where in them somebody speaks (seconds from their first)."""

    samples: NDArray[np.int16]
    regions: tuple[SpeechRegion, ...]
    language: str
    model_size: str | None = None


@dataclass(frozen=True)
class Recognition:
    """Words in order, times in seconds from the chunk's first sample; `language` as a BCP 47 tag."""

    language: str
    words: tuple[Word, ...]


class Recogniser(Engine[RecognitionRequest, Recognition]):
    """A recogniser implements `work`; `languages` are primary subtags, None where it knows them all."""

    kind = "transcriber"
    languages: ClassVar[Sequence[str] | None] = None

    def published(self) -> EnginePublished:
        """What the platform is told of it, once it is loaded; an engine that can do more says more."""
        return EnginePublished(
            kind="transcriber",
            engine=self.name,
            version=self.version,
            languages=None if self.languages is None else tuple(self.languages),
        )

    def check_language(self, language: str) -> None:
        """Raise UnsupportedLanguageError, naming what can be done, for a language unknown here."""
        if self.languages is None or primary_subtag(language) in self.languages:
            return
        raise UnsupportedLanguageError(
            f"Speech in '{language}' cannot be recognised here: the engine {self.name} understands "
            f"{', '.join(self.languages)}. Choose one of these as the source language.",
            language=language,
            supported=list(self.languages),
        )


def primary_subtag(language: str) -> str:
    """`en` for `en-US` and `EN_us`."""
    return language.replace("_", "-").split("-")[0].lower()
