"""Lists of terms on the wire."""

from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from octavia_gateway.glossaries.models import TermList
from octavia_gateway.jobs.options import MOST_TERMS, LanguageTag, ListName, Term, TermRequest


class PronunciationRequest(BaseModel):
    """How a word or phrase of a target language is to be spoken: by another spelling, by IPA, or both."""

    model_config = ConfigDict(extra="forbid")

    term: Term = Field(examples=["nginx"])
    language: LanguageTag | None = Field(None, description="Null: in every language.")
    spoken: Term | None = Field(None, examples=["engine ex"], description="A spelling that sounds right.")
    ipa: Term | None = Field(
        None,
        description="For engines that read it (`ipa` among the options of capabilities).",
    )

    @model_validator(mode="after")
    def _some_sound(self) -> Self:
        if self.spoken is None and self.ipa is None:
            raise ValueError("send spoken, ipa or both")
        return self


T = TypeVar("T", bound=BaseModel)


class SaveList(BaseModel, Generic[T]):
    """A list as it is to be."""

    model_config = ConfigDict(extra="forbid")

    name: ListName = Field(examples=["Product names"])
    terms: list[T] = Field(default_factory=list, max_length=MOST_TERMS)
    always: bool = Field(False, description="For every job, wherever the engines heed it.")

    def documents(self) -> list[dict[str, Any]]:
        """The terms as they are kept."""
        return [term.model_dump(mode="json") for term in self.terms]


class ListSummary(BaseModel):
    """A list without its terms."""

    id: UUID
    name: str
    always: bool
    count: int = Field(description="How many terms it has.")
    heeded: bool = Field(description="Whether the engines here heed it; if not, `always` comes to nothing.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, kept: TermList, heeded: bool) -> Self:
        """The document of a list, of its kind's heeding."""
        return cls(heeded=heeded, **_shown(kept))


class ListsResponse(BaseModel):
    """All lists of a kind, oldest first."""

    items: list[ListSummary]


class ListResponse(ListSummary, Generic[T]):
    """A list."""

    terms: list[T]

    @classmethod
    def of(cls, kept: TermList, heeded: bool) -> Self:
        """The document of a list, of its kind's heeding."""
        return cls.model_validate({"heeded": heeded, **_shown(kept), "terms": kept.terms})


def _shown(kept: TermList) -> dict[str, Any]:
    return {
        "id": kept.list_id,
        "name": kept.name,
        "always": kept.always,
        "count": len(kept.terms),
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
    }


SaveGlossary = SaveList[TermRequest]
GlossaryResponse = ListResponse[TermRequest]
SavePronunciations = SaveList[PronunciationRequest]
PronunciationsResponse = ListResponse[PronunciationRequest]
