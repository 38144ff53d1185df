"""Runs, events and references for the tests of the assembler."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkSynthesized,
    JobError,
    JobKind,
    JobRef,
    JobSpec,
    LanguageAssembled,
    LanguageFailed,
    MediaPlanned,
)


def ref_to(name: str) -> ArtifactRef:
    """A reference to an object that nobody reads."""
    return ArtifactRef(key=f"users/u/{name}", sha256="0" * 64, size_bytes=1, media_type="application/json")


@dataclass
class Run:
    """One run of a job and the events that tell of it."""

    languages: tuple[str, ...] = ("es",)
    chunks: int = 3
    hold_id: UUID = field(default_factory=uuid4)
    job_id: UUID = field(default_factory=uuid4)
    user_id: UUID = field(default_factory=uuid4)

    @property
    def job(self) -> JobRef:
        return JobRef(
            job_id=self.job_id,
            user_id=self.user_id,
            hold_id=self.hold_id,
            deadline_at=datetime.now(UTC) + timedelta(hours=1),
        )

    @property
    def spec(self) -> JobSpec:
        return JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=ref_to("source"),
            source_filename="talk.mp4",
            duration_seconds=90.0,
            source_language="en",
            target_languages=self.languages,
        )

    def planned(self) -> MediaPlanned:
        return MediaPlanned(job=self.job, spec=self.spec, plan=ref_to("plan"), chunks=self.chunks)

    def spoken(self, index: int, language: str = "es") -> ChunkSynthesized:
        chunk = ChunkRef(
            index=index,
            total=self.chunks,
            start=30.0 * index,
            end=30.0 * index + 29,
            next_speech_start=30.0 * (index + 1),
        )
        return ChunkSynthesized(
            job=self.job,
            chunk=chunk,
            source_language="en",
            target_language=language,
            speech=ref_to(f"speech/{language}/{index}"),
        )

    def all_spoken(self) -> list[ChunkSynthesized]:
        return [self.spoken(index, language) for language in self.languages for index in range(self.chunks)]

    def assembled(self, language: str) -> LanguageAssembled:
        return LanguageAssembled(
            job=self.job,
            target_language=language,
            media=ref_to(f"media/{language}"),
            result=ref_to(f"result/{language}"),
        )

    def failed(self, language: str, code: str = "unsupported_language") -> LanguageFailed:
        error = JobError(code=code, message=f"{language} cannot be made.", stage="translator")
        return LanguageFailed(job=self.job, target_language=language, error=error)


@pytest.fixture
def run_of() -> Callable[..., Run]:
    """Makes runs: `run_of(languages=("es", "fr"), chunks=4)`."""
    return Run
