"""What every speech engine answers."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from octavia_common.engines import Engine
from octavia_common.errors import PermanentError
from octavia_common.events import EnginePublished, Voice

Samples = NDArray[np.float32]
"""Mono sound, one value a sample, full scale at ±1."""


@dataclass(frozen=True)
class OwnVoice:
    """Clean speech of a speaker of the source, to make a voice of: a mono WAV file and its digest."""

    sha256: str
    wav: bytes = field(repr=False)


@dataclass(frozen=True)
class Sounding:
    """A stretch of a line's text, from `start` to before `end`, that is spoken by these codes of the engine
    instead."""

    start: int
    end: int
    codes: str


@dataclass(frozen=True)
class SpeechRequest:
    """One line to be spoken.

    `rate` is how much faster than natural (1.0) it is to be spoken, within the engine's `rates`;
    `source_seconds` how long the speech it replaces lasts, for an engine that can aim. `own`: speak in a
    voice made of this, for an engine that `clones_voices`. `seed`: where the dice of an engine that `seeds`
    start from; another one makes another take of the same text.
    """

    text: str
    language: str
    voice: str
    rate: float = 1.0
    source_seconds: float = 0.0
    own: OwnVoice | None = None
    soundings: tuple[Sounding, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Sound:
    """What an engine made: mono samples, so many a second. Silence around the speech may remain."""

    samples: Samples
    sample_rate: int


class LineUnspeakableError(PermanentError):
    """The engine can make no sound of this line, now or later; the others may be fine."""

    code = "line_unspeakable"


class UnknownVoiceError(PermanentError):
    """The job asks for a voice that the engine does not have, or not in this language."""

    code = "unknown_voice"


class VoicesNotClonedError(PermanentError):
    """The job asks for the speakers' own voices, of an engine that cannot make them."""

    code = "voices_not_cloned"


class SynthesisEngine(Engine[SpeechRequest, Sound]):
    """A speech engine: it implements `work`, `voice_for` and `languages`, and where voices can be chosen
    `voices` and `voice_called`.

    `rates` are the slowest and fastest it can speak by itself; equal where it cannot change its
    rate, and then the sound is stretched instead.
    """

    kind = "synthesizer"
    rates: ClassVar[tuple[float, float]] = (1.0, 1.0)
    clones_voices: bool = False
    reads_ipa: ClassVar[bool] = False
    seeds: ClassVar[bool] = False

    @abstractmethod
    def voice_for(self, language: str, speaker: str) -> str:
        """The voice of one speaker of the source, always the same one.

        Raises UnsupportedLanguageError, with what can be done, for a language it does not speak.
        """

    @abstractmethod
    def languages(self) -> Sequence[str] | None:
        """Tags of the languages it speaks; None where it takes any."""

    def voices(self) -> Sequence[Voice]:
        """Voices that a job may ask for."""
        return ()

    def voice_called(self, voice_id: str, language: str) -> str:
        """The voice of that id among `voices`, in the words of `SpeechRequest.voice`.

        Raises UnknownVoiceError, UnsupportedLanguageError.
        """
        raise UnknownVoiceError(f"The speech engine {self.name} lets nobody choose a voice.", voice=voice_id)

    def codes_of(self, ipa: str, voice: str) -> str | None:
        """What IPA writes in the engine's own codes (see `Sounding`); None where the voice lacks a sound, or
        the engine takes none. May block."""
        return None

    def published(self) -> EnginePublished:
        """What the platform is told of it, once it is loaded; an engine that can do more says more."""
        languages, voices = self.languages(), tuple(self.voices())
        return EnginePublished(
            kind="synthesizer",
            engine=self.name,
            version=self.version,
            languages=None if languages is None else tuple(languages),
            voices=voices,
            clones_voices=self.clones_voices,
            # Another spelling of a term is text, which every engine reads.
            honours=(
                "pronunciation",
                *(("ipa",) if self.reads_ipa else ()),
                *(("voices",) if voices else ()),
                *(("clone_voice",) if self.clones_voices else ()),
            ),
        )
