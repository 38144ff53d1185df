"""What every recogniser takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from octavia_common.documents import SpeechRegion, Word
from octavia_common.engines import Engine
from octavia_common.errors import PermanentError, UnsupportedLanguageError
from octavia_common.events import EnginePublished

from octavia_transcriber.engines.detection import LanguageDetector


class UnknownModelSizeError(PermanentError):
    """A job asks for a size of model that the operator does not offer."""

    code = "unknown_model_size"

    def __init__(self, size: str, offered: Sequence[str]) -> None:
        choice = f"choose one of {', '.join(offered)}, or none" if offered else "leave it out"
        super().__init__(f"The model size '{size}' is not offered here: {choice}.", offered=list(offered))


@dataclass(frozen=True)
class RecognitionRequest:
    """One chunk: mono 16 kHz samples, and where in them somebody speaks (seconds from their first).

    `hot_words` are terms that are likely to be said, in the language that is spoken.
    """

    samples: NDArray[np.int16]
    regions: tuple[SpeechRegion, ...]
    language: str
    model_size: str | None = None
    hot_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognition:
    """Words in order, times in seconds from the chunk's first sample; `language` as a BCP 47 tag."""

    language: str
    words: tuple[Word, ...]


class Recogniser(Engine[RecognitionRequest, Recognition]):
    """A recogniser implements `work`; `languages` are primary subtags, None where it knows them all.

    What it says of itself holds once it is started. `honours` names the `JobOptions` that it heeds;
    `check_speech` is one where what it hears tells whether a dubbed line can be understood.
    """

    kind = "transcriber"
    languages: Sequence[str] | None = None
    honours: tuple[str, ...] = ()
    abreast: int = 1
    """How many chunks one process recognises at once."""

    def variant(self, model_size: str | None) -> Mapping[str, Any]:
        """What else a transcript depends on, beside name and version: JSON values for its key.

        May look at files. Raises UnknownModelSizeError where the engine has sizes, and not this one.
        """
        return {}

    def detector(self) -> LanguageDetector | None:
        """What tells the language spoken, where the engine can; it is started and closed with the engine."""
        return None

    def published(self) -> EnginePublished:
        """What the platform is told of it, once it is loaded; an engine that can do more says more."""
        return EnginePublished(
            kind="transcriber",
            engine=self.name,
            version=self.version,
            languages=None if self.languages is None else tuple(self.languages),
            detects_language=self.detector() is not None,
            honours=self.honours,
        )

    def understands(self, language: str) -> bool:
        """Whether speech in a language can be recognised."""
        return self.languages is None or primary_subtag(language) in self.languages

    def check_language(self, language: str) -> None:
        """Raise UnsupportedLanguageError, naming what can be done, for a language unknown here."""
        if self.languages is None or self.understands(language):
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
