"""What engines told, and what the platform can do by it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Self

from octavia_common.events import EnginePublished, JobKind, Voice

from octavia_gateway.capabilities.languages import LanguageCatalogue, primary

KINDS = ("transcriber", "translator", "synthesizer")

HEEDED_BY: Mapping[str, str] = {
    "glossary": "translator",
    "style": "translator",
    "formality": "translator",
    "voices": "synthesizer",
    "clone_voice": "synthesizer",
    "speakers": "transcriber",
    "check_speech": "transcriber",
    "pronunciation": "synthesizer",
    "ipa": "synthesizer",
}
"""Each wish of a job, and the kind of engine without which it comes to nothing."""


@dataclass(frozen=True)
class Told:
    """The engines told of, and when each was; at most one of each kind."""

    engines: tuple[EnginePublished, ...] = ()
    times: tuple[datetime, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every kind of engine was told of."""
        return {engine.kind for engine in self.engines} == set(KINDS)


@dataclass(frozen=True)
class Capabilities:
    """What can be asked for. Without engines told of it is the operator's pairs, and no wish at all."""

    engines: tuple[EnginePublished, ...]
    languages: LanguageCatalogue
    """What can be dubbed into what."""
    subtitled: LanguageCatalogue
    """What can be heard and written in what: nothing is spoken, and the source's own language is one, too."""
    retold: LanguageCatalogue
    """What can be translated into what where nothing is heard either."""

    @classmethod
    def of(cls, told: Told, narrowed: Mapping[str, Sequence[str]]) -> Self:
        """What these engines can do together, within the operator's pairs (all where there are none)."""
        if not told.complete:
            return cls((), *(LanguageCatalogue(narrowed, own=own) for own in (False, True, False)))
        by_kind = {engine.kind: engine for engine in told.engines}
        heard, pairs = by_kind["transcriber"].languages, by_kind["translator"].pairs
        spoken, detects = by_kind["synthesizer"].languages, by_kind["transcriber"].detects_language
        of_engines = partial(LanguageCatalogue.of_engines, pairs=pairs, narrowed=narrowed)
        return cls(
            told.engines,
            of_engines(understood=heard, spoken=spoken, detects=detects),
            of_engines(understood=heard, spoken=None, detects=detects, own=True),
            of_engines(understood=None, spoken=None, detects=False),
        )

    def languages_of(self, kind: JobKind) -> LanguageCatalogue:
        """What a job of that kind can ask for."""
        return {JobKind.SUBTITLES: self.subtitled, JobKind.SUBTITLE_TRANSLATE: self.retold}.get(
            kind, self.languages
        )

    def options_of(self, kind: JobKind) -> tuple[str, ...]:
        """Names of the wishes that a job of that kind may have: what is never spoken has none of voices."""
        return tuple(name for name in self.options if not (kind.written and HEEDED_BY[name] == "synthesizer"))

    @cached_property
    def options(self) -> tuple[str, ...]:
        """Names of the wishes that are heeded here."""
        honoured = {(engine.kind, name) for engine in self.engines for name in engine.honours}
        return tuple(name for name, kind in HEEDED_BY.items() if (kind, name) in honoured)

    @property
    def model_sizes(self) -> tuple[str, ...]:
        """Sizes of the recogniser's model that a job may choose among; none where it cannot choose."""
        return tuple(size for engine in self.engines for size in engine.model_sizes)

    @cached_property
    def voices(self) -> Mapping[str, Voice]:
        """Voices that a job may ask for, by id."""
        return {voice.id: voice for engine in self.engines for voice in engine.voices}

    def hears(self, language: str) -> bool:
        """Whether the recogniser understands a language, and so can check what is spoken in it."""
        return any(
            engine.languages is None or primary(language) in map(primary, engine.languages)
            for engine in self.engines
            if engine.kind == "transcriber"
        )

    @property
    def clones_voices(self) -> bool:
        """Whether lines can be spoken in voices made of the source's own."""
        return "clone_voice" in self.options and any(engine.clones_voices for engine in self.engines)
