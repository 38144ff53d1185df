"""Files on the wire."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from octavia_common.documents import DubResult, PlacedSegment
from octavia_common.events import ExportKind
from octavia_subtitles.rules import Cue, Rule, Rules, Violation
from pydantic import BaseModel, Field

from octavia_gateway.exports.possible import of_file
from octavia_gateway.files.models import FileMedia, FileRecord, FileType
from octavia_gateway.files.tus.models import Upload, UploadState
from octavia_gateway.pagination import Page


class FileResponse(BaseModel):
    """An uploaded file; `file_id` is what a job is created with."""

    file_id: UUID
    file_type: FileType
    filename: str
    storage_path: str = Field(description="Where it lies in the object store.")
    media_type: str = Field(description="Of its content, as the probe found it.")
    size_bytes: int
    sha256: str
    media: FileMedia
    containers: dict[ExportKind, list[str]] = Field(
        default_factory=dict,
        description="Which files can be made of a dub of it, by kind: containers, the usual one first.",
    )
    created_at: datetime

    @classmethod
    def of(cls, record: FileRecord) -> "FileResponse":
        """The document of a file."""
        return cls(
            file_id=record.file_id,
            file_type=record.file_type,
            filename=record.filename,
            storage_path=record.artifact.key,
            media_type=record.media_type,
            size_bytes=record.size_bytes,
            sha256=record.sha256,
            media=record.media,
            containers={kind: list(each) for kind, each in of_file(record.media).items()},
            created_at=record.created_at,
        )


class FilePage(Page[FileResponse]):
    """Files, newest first."""


class UploadResponse(BaseModel):
    """A resumable upload and what became of it."""

    upload_id: UUID
    state: UploadState
    offset: int = Field(description="Bytes received.")
    length: int
    file_type: FileType
    filename: str
    expires_at: datetime
    file_id: UUID | None = Field(description="The file, once state is finished.")
    problem: dict[str, Any] | None = Field(description="Why it was refused, where state is rejected.")

    @classmethod
    def of(cls, upload: Upload) -> "UploadResponse":
        """The document of an upload."""
        return cls(
            upload_id=upload.upload_id,
            state=upload.state,
            offset=upload.offset,
            length=upload.length or 0,
            file_type=upload.file_type,
            filename=upload.filename,
            expires_at=upload.expires_at,
            file_id=upload.file_id,
            problem=upload.problem,
        )


class TranscriptSegment(BaseModel):
    """What is said in one line. Times are seconds from the first frame."""

    id: str
    speaker: str
    start: float = Field(description="Where it is spoken in the original.")
    end: float
    text: str
    source_text: str
    flags: list[str] = Field(description="What a person should look at, such as too_long.")
    placed_start: float = Field(description="Where it is spoken in the translated video.")
    placed_end: float


class TranscriptResponse(BaseModel):
    """What is said in a video, in the language asked for."""

    job_id: UUID
    language: str
    source_language: str
    duration_seconds: float
    segments: list[TranscriptSegment]
    notes: list[str]

    @classmethod
    def of(cls, job_id: UUID, language: str, result: DubResult) -> "TranscriptResponse":
        """The lines of a finished language, or of its source."""
        source = language == result.source_language
        return cls(
            job_id=job_id,
            language=language,
            source_language=result.source_language,
            duration_seconds=result.duration_seconds,
            segments=[_segment(segment, source=source) for segment in result.segments],
            notes=list(result.notes),
        )


class RulesResponse(BaseModel):
    """The limits of a readable subtitle; widths in columns, of which a wide CJK letter takes two."""

    columns_a_line: int
    lines: int
    columns_a_second: float
    shortest_ms: int
    longest_ms: int
    gap_ms: int = Field(description="Two frames of the picture.")


class ViolationResponse(BaseModel):
    """A rule that a cue breaks, and by how much."""

    rule: Rule
    message: str


class CheckedCue(BaseModel):
    """One subtitle and what is wrong with it, if anything."""

    number: int = Field(description="From 1, as in the file.")
    start_ms: int
    end_ms: int
    lines: list[str]
    violations: list[ViolationResponse]


class SubtitleCheckResponse(BaseModel):
    """How the subtitles of a result keep the rules of reading, cue by cue and in total."""

    job_id: UUID
    language: str
    rules: RulesResponse
    cues: list[CheckedCue]
    kept: int = Field(description="Cues that keep every rule.")
    broken: dict[str, int] = Field(description="Cues that break a rule, by rule.")

    @classmethod
    def of(
        cls, job_id: UUID, language: str, cues: Sequence[Cue], found: Sequence[Violation], rules: Rules
    ) -> "SubtitleCheckResponse":
        """The report of a track."""
        wrong: dict[int, list[ViolationResponse]] = {}
        for each in found:
            wrong.setdefault(each.index, []).append(ViolationResponse(rule=each.rule, message=each.message))
        return cls(
            job_id=job_id,
            language=language,
            rules=RulesResponse(**asdict(rules)),
            cues=[
                CheckedCue(
                    number=index + 1,
                    start_ms=cue.start_ms,
                    end_ms=cue.end_ms,
                    lines=list(cue.lines),
                    violations=wrong.get(index, []),
                )
                for index, cue in enumerate(cues)
            ],
            kept=len(cues) - len(wrong),
            broken=dict(sorted(Counter(rule for _, rule in {(e.index, e.rule) for e in found}).items())),
        )


def _segment(segment: PlacedSegment, *, source: bool) -> TranscriptSegment:
    return TranscriptSegment(
        id=segment.id,
        speaker=segment.speaker,
        start=segment.start,
        end=segment.end,
        text=segment.source_text if source else segment.text,
        source_text=segment.source_text,
        flags=[] if source else list(segment.flags),
        placed_start=segment.placed_start,
        placed_end=segment.placed_end,
    )
