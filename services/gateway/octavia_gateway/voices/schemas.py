"""Remembered speakers on the wire."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from octavia_gateway.jobs.options import SpeakerName, VoiceId
from octavia_gateway.voices.repository import MOST_KEPT


class RememberedSpeaker(BaseModel):
    """Somebody who speaks again and again, and the voice that speaks for them."""

    model_config = ConfigDict(extra="forbid")

    name: SpeakerName = Field(examples=["Anna"])
    voice: VoiceId = Field(examples=["female-2"], description="One of `voices` of capabilities.")


class Speakers(BaseModel):
    """Everybody remembered, by name."""

    model_config = ConfigDict(extra="forbid")

    items: list[RememberedSpeaker] = Field(max_length=MOST_KEPT)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({each.name.casefold() for each in self.items}) < len(self.items):
            raise ValueError("name everybody once")
        return self
