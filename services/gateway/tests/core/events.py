"""Events of a job, made by the short way."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from octavia_common.events import (
    ArtifactRef,
    ChunkHeld,
    ChunkRef,
    ChunkSynthesized,
    ChunkTranscribed,
    ChunkTranslated,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    FailedLanguage,
    JobAssembled,
    JobError,
    JobKind,
    JobRef,
    JobSpec,
    LanguageAssembled,
    LanguageFailed,
    MediaPlanned,
    Output,
    ReleaseReason,
)
from octavia_common.events.base import JobEvent

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class JobEvents:
    """Makes the events of one run of one job."""

    def __init__(self, job: JobRef | None = None, spec: JobSpec | None = None, chunks: int = 3) -> None:
        user_id = job.user_id if job else uuid4()
        self.job = job or JobRef(job_id=uuid4(), user_id=user_id, hold_id=uuid4(), deadline_at=NOW)
        self.spec = spec or spec_of(user_id, ("es", "fr"))
        self.chunks = chunks

    def artifact(self, name: str) -> ArtifactRef:
        return artifact(self.job.user_id, name)

    def reserved(self) -> CreditsReserved:
        return CreditsReserved(job=self.job, spec=self.spec, amount=10)

    def rejected(self, available: int = 0) -> CreditsRejected:
        error = JobError(code="insufficient_credits", message="Not enough credits.", stage="billing")
        return CreditsRejected(job=self.job, required=10, available=available, error=error)

    def captured(self) -> CreditsCaptured:
        return CreditsCaptured(job=self.job, amount=10)

    def released(self, reason: ReleaseReason = ReleaseReason.FAILED) -> CreditsReleased:
        error = JobError(code="unusable_media", message="The file is broken.", stage="transcriber")
        failed = reason is ReleaseReason.FAILED
        return CreditsReleased(job=self.job, amount=10, reason=reason, error=error if failed else None)

    def planned(self) -> MediaPlanned:
        return MediaPlanned(
            job=self.job, spec=self.spec, plan=self.artifact("plan"), chunks=self.chunks, made=()
        )

    def chunk(self, index: int) -> ChunkRef:
        return ChunkRef(
            index=index,
            total=self.chunks,
            start=index * 30.0,
            end=index * 30.0 + 29,
            next_speech_start=(index + 1) * 30.0,
        )

    def transcribed(self, index: int, language: str) -> ChunkTranscribed:
        return ChunkTranscribed(
            job=self.job,
            chunk=self.chunk(index),
            source_language="en",
            target_language=language,
            transcript=self.artifact(f"transcript-{index}"),
        )

    def held(self, index: int, language: str | None = None) -> ChunkHeld:
        ref = self.artifact(f"held-{index}-{language}")
        return ChunkHeld(
            job=self.job,
            chunk=self.chunk(index),
            source_language="en",
            target_language=language,
            transcript=None if language else ref,
            translation=ref if language else None,
        )

    def translated(self, index: int, language: str) -> ChunkTranslated:
        return ChunkTranslated(
            job=self.job,
            chunk=self.chunk(index),
            source_language="en",
            target_language=language,
            translation=self.artifact(f"translation-{index}-{language}"),
        )

    def synthesized(self, index: int, language: str) -> ChunkSynthesized:
        return ChunkSynthesized(
            job=self.job,
            chunk=self.chunk(index),
            source_language="en",
            target_language=language,
            speech=self.artifact(f"speech-{index}-{language}"),
        )

    def output(self, language: str) -> Output:
        return Output(
            target_language=language,
            media=self.artifact(f"media-{language}"),
            result=self.artifact(f"result-{language}"),
        )

    def assembled(self, language: str) -> LanguageAssembled:
        output = self.output(language)
        return LanguageAssembled(
            job=self.job, target_language=language, media=output.media, result=output.result
        )

    def language_failed(self, language: str) -> LanguageFailed:
        error = JobError(
            code="unsupported_language", message=f"Nobody translates into {language}.", stage="translator"
        )
        return LanguageFailed(job=self.job, target_language=language, error=error)

    def job_assembled(self, *without: str) -> JobAssembled:
        languages = [each for each in self.spec.target_languages if each not in without]
        return JobAssembled(
            job=self.job,
            outputs=tuple(self.output(language) for language in languages),
            failed=tuple(
                FailedLanguage(target_language=each, error=self.language_failed(each).error)
                for each in self.spec.target_languages
                if each in without
            ),
        )

    def whole_run(self, *without: str) -> list[JobEvent]:
        """Every event of a run that succeeds, but for some languages, in the natural order."""
        events: list[JobEvent] = [self.reserved(), self.planned()]
        languages = [each for each in self.spec.target_languages if each not in without]
        for index in range(self.chunks):
            events += [self.transcribed(index, language) for language in without]
            for language in languages:
                events += [
                    self.transcribed(index, language),
                    self.translated(index, language),
                    self.synthesized(index, language),
                ]
        events += [self.language_failed(language) for language in without]
        events += [self.assembled(language) for language in languages]
        return [*events, self.job_assembled(*without), self.captured()]


def artifact(user_id: UUID, name: str) -> ArtifactRef:
    return ArtifactRef(
        key=f"users/{user_id}/artifacts/stage/{name}", sha256="0" * 64, size_bytes=1, media_type="video/mp4"
    )


def spec_of(user_id: UUID, languages: tuple[str, ...], duration_seconds: float = 90.0) -> JobSpec:
    return JobSpec(
        kind=JobKind.VIDEO_TRANSLATE,
        source=ArtifactRef(
            key=f"users/{user_id}/uploads/source", sha256="1" * 64, size_bytes=9, media_type="video/mp4"
        ),
        source_filename="talk.mp4",
        duration_seconds=duration_seconds,
        source_language="en",
        target_languages=languages,
    )
