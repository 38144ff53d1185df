"""What the engines of the platform can do, told by each service at its start."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from octavia_common.events.base import Value
from octavia_common.events.envelope import EventData


class Voice(Value):
    """A voice that a job may ask for by its id; `language` None where it speaks any."""

    id: str
    title: str
    language: str | None = None


class EnginePublished(EventData):
    """The engine of one kind, as it started. The latest of each kind holds; languages are BCP 47 tags.

    `languages`: what a transcriber understands or a synthesizer speaks, None for any. `pairs`: what a
    translator can do, target languages by source, None for any pair.
    """

    TYPE: ClassVar[str] = "octavia.engines.published.v1"

    kind: Literal["transcriber", "translator", "synthesizer"]
    engine: str
    version: str
    model: str | None = None
    licence: str | None = Field(default=None, description="Of the model, as its makers name it.")
    languages: tuple[str, ...] | None = None
    pairs: dict[str, tuple[str, ...]] | None = None
    detects_language: bool = False
    model_sizes: tuple[str, ...] = ()
    voices: tuple[Voice, ...] = ()
    clones_voices: bool = False
    honours: tuple[str, ...] = Field(default=(), description="Names of `JobOptions` that it heeds.")
    published_at: datetime | None = Field(
        default=None, description="Tells a configuration that came back from the first time it was there."
    )

    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.model_dump_json())

    def subject(self) -> str:
        return self.kind
