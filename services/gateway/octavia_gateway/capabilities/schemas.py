"""Capabilities on the wire."""

from typing import Self

from octavia_common.events import EnginePublished, Voice
from pydantic import BaseModel, Field

from octavia_gateway.capabilities.languages import LanguageCatalogue
from octavia_gateway.capabilities.models import Capabilities


class SourceResponse(BaseModel):
    """A language that is understood, and what it can be dubbed into (BCP 47 tags in lower case)."""

    language: str
    targets: list[str]


class VoiceResponse(BaseModel):
    """A voice that a job may ask for."""

    id: str
    title: str
    language: str | None = Field(description="Null where it speaks every target language.")

    @classmethod
    def of(cls, voice: Voice) -> Self:
        """The document of a voice."""
        return cls(id=voice.id, title=voice.title, language=voice.language)


class EngineResponse(BaseModel):
    """Who does one kind of the work."""

    kind: str
    engine: str
    version: str
    model: str | None
    licence: str | None = Field(description="Of the model, as its makers name it.")

    @classmethod
    def of(cls, engine: EnginePublished) -> Self:
        """The document of an engine."""
        return cls(
            kind=engine.kind,
            engine=engine.engine,
            version=engine.version,
            model=engine.model,
            licence=engine.licence,
        )


class CapabilitiesResponse(BaseModel):
    """What a dubbing job can ask for here."""

    sources: list[SourceResponse]
    subtitles: list[SourceResponse] = Field(
        description="The same for jobs that write subtitles; a source without targets has any."
    )
    subtitle_translations: list[SourceResponse] = Field(
        description="The same for jobs that translate subtitle files; none listed: any."
    )
    detects_language: bool = Field(description="Whether `source_language` may be `auto`.")
    model_sizes: list[str] = Field(description="What `model_size` may be; empty: nothing to choose.")
    voices: list[VoiceResponse]
    clones_voices: bool
    options: list[str] = Field(description="Names of `options` that are heeded; others are refused.")
    engines: list[EngineResponse]

    @classmethod
    def of(cls, can: Capabilities) -> Self:
        """The document of what can be done."""
        return cls(
            sources=_sources(can.languages),
            subtitles=_sources(can.subtitled),
            subtitle_translations=_sources(can.retold),
            detects_language=can.languages.detects,
            model_sizes=list(can.model_sizes),
            voices=[VoiceResponse.of(voice) for voice in can.voices.values()],
            clones_voices=can.clones_voices,
            options=list(can.options),
            engines=[EngineResponse.of(engine) for engine in can.engines],
        )


def _sources(languages: LanguageCatalogue) -> list[SourceResponse]:
    return [
        SourceResponse(language=source, targets=list(targets)) for source, targets in languages.pairs.items()
    ]
