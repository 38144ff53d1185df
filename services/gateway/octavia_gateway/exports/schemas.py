"""Exports on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from octavia_common.events import ExportKind, ExportSubtitles
from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway import messages
from octavia_gateway.exports.models import Export, ExportStatus
from octavia_gateway.jobs.options import LanguageTag
from octavia_gateway.messages import Language


class SubtitlesRequest(BaseModel):
    """Which subtitles, and where they stand when they are burnt in."""

    model_config = ConfigDict(extra="forbid")

    content: Literal["source", "target", "bilingual"] = "target"
    position: Literal["bottom", "top", "auto"] = Field(
        "bottom", description="`auto`: at the top while something is burnt in at the bottom already."
    )


class ExportRequest(BaseModel):
    """A file to be made of a finished job; it costs nothing."""

    model_config = ConfigDict(extra="forbid")

    kind: ExportKind = Field(
        examples=["tracks"],
        description="`tracks`: all dubs beside the original, with soft subtitles; `burnt`: one dub with its "
        "subtitles in the picture; `background`, `speech`, `audio`: sound alone.",
    )
    container: str | None = Field(
        None,
        max_length=20,
        pattern=r"^[a-z0-9]+$",
        examples=["mkv"],
        description="One of `containers` of `GET /api/v1/jobs/{id}/exports`; the first where none is named.",
    )
    languages: list[LanguageTag] | None = Field(
        None,
        min_length=1,
        max_length=50,
        description="For `tracks` in this order, all where none is named; for other kinds one, or the first.",
    )
    subtitles: SubtitlesRequest | None = Field(
        None,
        description="For `tracks` those of all languages where this is left out; for `burnt` the target's.",
    )

    def wanted_subtitles(self) -> ExportSubtitles | None:
        """As the assembler is told."""
        if self.kind is ExportKind.BURNT:
            asked = self.subtitles or SubtitlesRequest()
        elif self.kind is ExportKind.TRACKS and self.subtitles is not None:
            # Soft tracks stand where the player puts them.
            asked = self.subtitles.model_copy(update={"position": "bottom"})
        else:
            return None
        return ExportSubtitles(**asked.model_dump())


class ExportResponse(BaseModel):
    """An export and where it stands."""

    id: UUID
    kind: ExportKind
    container: str
    languages: list[str]
    subtitles: SubtitlesRequest | None
    status: ExportStatus
    stale: bool = Field(description="Whether a language that it has was rendered anew since.")
    size_bytes: int | None
    media_type: str | None
    download: str | None = Field(description="Path of the file, once completed.")
    notes: list[str] = Field(description="What is worth knowing about it, in English.")
    error_code: str | None
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, export: Export, *, stale: bool, language: Language = "en") -> "ExportResponse":
        """The document of an export; why it failed is told in `language`."""
        media, error, asked = export.media, export.error, export.subtitles
        return cls(
            id=export.export_id,
            kind=export.kind,
            container=export.container,
            languages=list(export.languages),
            subtitles=SubtitlesRequest(**asked.model_dump()) if asked else None,
            status=export.status,
            stale=stale,
            size_bytes=media.size_bytes if media else None,
            media_type=media.media_type if media else None,
            download=f"/api/v1/jobs/{export.job_id}/exports/{export.export_id}/download" if media else None,
            notes=list(export.notes),
            error_code=error.code if error else None,
            error_message=messages.detail_of(error.code, error.message, {}, language) if error else None,
            created_at=export.created_at,
            finished_at=export.finished_at,
        )


class ExportList(BaseModel):
    """What can be made of a job, and what was, the newest first."""

    containers: dict[ExportKind, list[str]] = Field(
        description="Containers that each kind can have, the usual one first; none where it cannot be made."
    )
    items: list[ExportResponse]
