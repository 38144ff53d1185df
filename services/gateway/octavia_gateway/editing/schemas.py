"""Editing on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from octavia_common.documents import PlacedSegment
from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway.editing.changes import AnyChange, ChangeLine, Name, Seconds, Text, TranslateLine
from octavia_gateway.editing.history import Revision
from octavia_gateway.editing.lines import Line, slot_end
from octavia_gateway.editing.models import Table
from octavia_gateway.editing.service import Standing
from octavia_gateway.jobs.options import LanguageTag

Number = Annotated[int, Field(ge=0, le=1_000_000)]
MOST_CHANGES = 500


class SegmentResponse(BaseModel):
    """A line; times in seconds of the source."""

    id: str
    speaker: str
    start: float
    end: float
    slot_end: float = Field(description="The latest moment that its dub may sound.")
    source_text: str
    text: str | None = Field(description="Null while it is being translated anew.")
    rate: float | None = Field(
        description="How much faster than natural it is spoken; null where it is not heard as it stands here."
    )
    flags: list[str] = Field(description="What a person should look at, such as too_long.")

    @classmethod
    def of(cls, line: Line, slot_end: float, heard: PlacedSegment | None) -> "SegmentResponse":
        """The document of a line; `heard` is how it sounds in the download, where that is as it stands."""
        flags: list[str] = ["untranslated"] if line.untranslated else []
        return cls(
            id=line.id,
            speaker=line.speaker,
            start=line.start,
            end=line.end,
            slot_end=slot_end,
            source_text=line.source_text,
            text=None if line.translating else line.text,
            rate=round(heard.rate, 3) if heard and heard.audio else None,
            flags=[*heard.flags] if heard else flags,
        )


class SegmentsResponse(BaseModel):
    """The table that people edit."""

    job_id: UUID
    language: str
    source_language: str
    revision: int
    current_revision: int = Field(description="The newest; changes are made on this one.")
    output_revision: int = Field(description="The one that the download has.")
    segments: list[SegmentResponse]

    @classmethod
    def of(cls, table: Table) -> "SegmentsResponse":
        """The document of a table."""
        return cls(
            job_id=table.job_id,
            language=table.language,
            source_language=table.result.source_language,
            revision=table.revision,
            current_revision=table.head,
            output_revision=table.rendered,
            segments=[
                SegmentResponse.of(
                    line, slot_end(table.lines, place, table.result.duration_seconds), table.as_heard(line)
                )
                for place, line in enumerate(table.lines)
            ],
        )


class ChangeSegments(BaseModel):
    """Changes that are made together, or not at all."""

    model_config = ConfigDict(extra="forbid")

    language: LanguageTag = Field(examples=["es"])
    revision: Number = Field(description="The revision that they were made on.", examples=[0])
    changes: list[AnyChange] = Field(
        min_length=1,
        max_length=MOST_CHANGES,
        examples=[[{"op": "add", "start": 1.0, "end": 2.0, "text": "Hola."}]],
    )


class ChangeSegment(BaseModel):
    """What is left out stays as it is; a `text` of null has the line translated anew."""

    model_config = ConfigDict(extra="forbid")

    language: LanguageTag = Field(examples=["es"])
    revision: Number = Field(description="The revision that it was made on.", examples=[0])
    text: Text | None = None
    source_text: Text | None = None
    speaker: Name | None = None
    start: Seconds | None = None
    end: Seconds | None = None

    def changes(self, segment_id: str) -> list[AnyChange]:
        """What is asked for of a line."""
        given = self.model_dump(exclude={"language", "revision"}, exclude_none=True)
        changes: list[AnyChange] = [ChangeLine(id=segment_id, **given)]
        if "text" in self.model_fields_set and self.text is None:
            changes.append(TranslateLine(id=segment_id))
        return changes


class GoBack(BaseModel):
    """Undo everything since a revision."""

    model_config = ConfigDict(extra="forbid")

    language: LanguageTag = Field(examples=["es"])
    revision: Number = Field(description="The newest revision, as you know it.", examples=[0])
    to: Number = Field(description="0: as it was made.", examples=[0])


class RenderLanguages(BaseModel):
    """Which languages; all that are stale where none is named."""

    model_config = ConfigDict(extra="forbid")

    languages: list[LanguageTag] | None = Field(None, min_length=1, max_length=50)


class RevisionResponse(BaseModel):
    """One revision; its author is the job's owner."""

    revision: int
    created_at: datetime | None
    changes: list[AnyChange]
    back_to: int | None = Field(description="The revision that this one went back to.")
    reviewed: Literal["transcript", "translation"] | None = Field(
        None,
        description="The review that it was made in, if in one. Behind those of the transcript, of which the "
        "lines were made, there is no going back.",
    )

    @classmethod
    def of(cls, revision: Revision) -> "RevisionResponse":
        """The document of a revision."""
        return cls(
            revision=revision.number,
            created_at=revision.created_at,
            changes=list(revision.changes),
            back_to=revision.back_to,
            reviewed=revision.reviewed,  # type: ignore[arg-type]
        )


class RevisionList(BaseModel):
    """All revisions, the newest last."""

    items: list[RevisionResponse]


class LanguageResponse(BaseModel):
    """Where one language of a job stands."""

    language: str
    status: Literal["review", "completed", "stale", "rendering", "failed"]
    revision: int
    output_revision: int
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, standing: Standing) -> "LanguageResponse":
        """The document of a language."""
        error = standing.render.error if standing.render and standing.state == "failed" else None
        return cls(
            language=standing.edited.language,
            status=standing.state,  # type: ignore[arg-type]
            revision=standing.edited.head,
            output_revision=0 if standing.waits else standing.edited.rendered,
            error_code=error.code if error else None,
            error_message=error.message if error else None,
        )


class LanguageList(BaseModel):
    """The languages of a job, in the order asked for."""

    items: list[LanguageResponse]
