"""Jobs on the wire. The same document answers a poll and travels on the stream."""

from datetime import datetime
from uuid import UUID

from octavia_common.events import AUTO, JobError, JobKind, Output
from pydantic import BaseModel, ConfigDict, Field, model_validator

from octavia_gateway import messages
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.options import LanguageTag, OptionsRequest, OptionsResponse
from octavia_gateway.jobs.states import JobStatus, Phase
from octavia_gateway.jobs.view import parts_of
from octavia_gateway.messages import Language
from octavia_gateway.pagination import Page


class CreateTranslation(BaseModel):
    """A dubbing job over an uploaded video, or over sound alone."""

    model_config = ConfigDict(extra="forbid")

    file_id: UUID
    storage_path: str | None = Field(None, max_length=1024, description="As the upload returned it.")
    source_language: LanguageTag = Field(
        examples=["en"], description="`auto` has it found out, where `detects_language` says so."
    )
    target_language: LanguageTag | None = Field(None, examples=["es"])
    target_languages: list[LanguageTag] | None = Field(None, min_length=1, max_length=50)
    model_size: str | None = Field(
        None, max_length=40, pattern=r"^[A-Za-z0-9._-]+$", description="A hint to the recogniser."
    )
    subtitle_file_id: UUID | None = Field(
        None,
        description="An uploaded subtitle file of the source, in its language: its lines and times are used "
        "in place of what would be recognised.",
    )
    preview: bool = Field(
        False,
        description="Only the first 60 s are made, at the price of that length. What is paid for it counts, "
        "once a language, against a full job on the same file.",
    )
    options: OptionsRequest = OptionsRequest()

    @model_validator(mode="after")
    def _one_or_many(self) -> "CreateTranslation":
        if self.target_language is not None and self.target_languages is not None:
            raise ValueError("send either target_language or target_languages")
        if self.target_language is None and self.target_languages is None:
            if self.needs_target():
                raise ValueError("send either target_language or target_languages")
            if self.source_language == AUTO and self.preview:
                raise ValueError("send target_languages for a preview where source_language is auto")
        if AUTO in (self.target_language, *(self.target_languages or ())):
            raise ValueError("auto is no target language")
        return self

    def needs_target(self) -> bool:
        """Whether it is made in no language where none is asked for, rather than in the source's own."""
        return True

    def targets(self) -> tuple[str, ...]:
        """The target languages, each once, in the order asked for; the source's own where none is (`auto`
        where that is to be found out)."""
        asked = self.target_languages or [self.target_language or self.source_language]
        return tuple(dict.fromkeys(asked))


class AddLanguages(BaseModel):
    """Languages that a finished job does not have; failed ones can be asked for again."""

    model_config = ConfigDict(extra="forbid")

    target_languages: list[LanguageTag] = Field(min_length=1, max_length=50, examples=[["fr"]])
    max_credits: int | None = Field(
        None,
        ge=0,
        description="Where it would cost more nothing is held, and the answer (409) tells the price; "
        "0 asks for the price alone.",
    )


class CreateSubtitles(CreateTranslation):
    """Subtitles of an uploaded video or of sound, in the source's language and any number of others."""

    target_language: LanguageTag | None = Field(
        None,
        examples=["es"],
        description="The source's own may be one; without any it is the only one, found out or not.",
    )

    def needs_target(self) -> bool:
        """Without any they are in the source's own."""
        return False


class QuoteResponse(BaseModel):
    """What processing the job costs; nothing is held before it is processed."""

    credits: int
    price_version: str
    counted: int = Field(0, description="Credits paid for previews, by which it is lower.")


class OutputResponse(BaseModel):
    """One finished language."""

    language: str
    size_bytes: int
    media_type: str
    download: str = Field(description="Path of the file.")


class FailedLanguageResponse(BaseModel):
    """A language that could not be made; its share of the credits is back."""

    language: str
    error_code: str
    error_message: str


class StepResponse(BaseModel):
    """What is done just now, for programs; `number` of `total` parts or languages, where it has any."""

    code: str
    number: int
    total: int
    language: str


class JobResponse(BaseModel):
    """A job and where it stands."""

    id: UUID
    kind: JobKind
    status: JobStatus
    phase: Phase
    progress_percentage: float = Field(ge=0, le=100, description="In tenths; never falls within a run.")
    current_step: str = Field(description="A sentence, such as: Translating part 12 of 50")
    step: StepResponse
    parts: dict[str, str] | None = Field(
        description="How far each part is, by language, one digit each: 0 waits, 1 is recognised, "
        "2 translated, 3 spoken. Null before the source is cut, and where there are very many."
    )
    file_id: UUID
    subtitle_file_id: UUID | None = Field(None, description="The subtitle file used in place of recognition.")
    filename: str
    duration_seconds: float
    source_language: str = Field(description="As it was asked for; may be `auto`.")
    detected_language: str | None = Field(description="What was heard, where that was left open.")
    target_language: str = Field(description="The first of target_languages.")
    target_languages: list[str]
    options: OptionsResponse
    quote: QuoteResponse
    preview: bool = Field(False, description="Whether only the first 60 s are made.")
    credits_charged: int | None = Field(description="What was paid; null until completed.")
    batch_id: UUID | None = Field(description="The batch that it was made in, if any.")
    attempt: int = Field(description="How often the job was processed.")
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline_at: datetime | None
    output_file: str | None = Field(description="Path of the first language's file, once completed.")
    outputs: list[OutputResponse] = Field(
        description="What can be downloaded. Where languages are added to a finished job, its results stay."
    )
    failed_languages: list[FailedLanguageResponse] = Field(
        description="Languages that could not be made; add them again to have another try."
    )
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, job: Job, language: Language = "en") -> "JobResponse":
        """The document of a job; why it failed is told in `language`."""
        view, run, spec = job.view, job.run, job.spec
        outputs = [_output(job, each) for each in job.outputs.values()]
        return cls(
            id=job.job_id,
            kind=spec.kind,
            status=run.status,
            phase=view.phase,
            progress_percentage=view.permille / 10,
            current_step=_current_step(job, language),
            step=StepResponse(**vars(view.doing)),
            parts=parts_of(run),
            file_id=job.file_id,
            subtitle_file_id=job.subtitle_file_id,
            filename=spec.source_filename,
            duration_seconds=spec.duration_seconds,
            source_language=spec.source_language,
            detected_language=run.detected.language if run.detected else None,
            target_language=spec.target_languages[0],
            target_languages=list(spec.target_languages),
            options=OptionsResponse.of(spec.options),
            quote=QuoteResponse(
                credits=job.quote_credits,
                price_version=job.price_version,
                counted=sum(preview.credits for preview in job.counted),
            ),
            preview=spec.preview_seconds is not None,
            credits_charged=job.credits_charged,
            batch_id=job.batch_id,
            attempt=job.attempt,
            cancel_requested=run.cancel_requested,
            created_at=job.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            deadline_at=job.deadline_at,
            output_file=outputs[0].download if outputs else None,
            outputs=outputs,
            failed_languages=[
                FailedLanguageResponse(
                    language=each,
                    error_code=run.failed[each].code,
                    error_message=_told(run.failed[each], language),
                )
                for each in spec.target_languages
                if each in run.failed
            ],
            error_code=run.error.code if run.error else None,
            error_message=_told(run.error, language) if run.error else None,
        )


def _current_step(job: Job, language: Language) -> str:
    if job.run.error is not None and job.status is JobStatus.FAILED:
        return _told(job.run.error, language)
    return job.view.doing.sentence(language)


def _told(error: JobError, language: Language) -> str:
    return messages.detail_of(error.code, error.message, {}, language)


def _output(job: Job, output: Output) -> OutputResponse:
    return OutputResponse(
        language=output.target_language,
        size_bytes=output.media.size_bytes,
        media_type=output.media.media_type,
        download=f"/api/v1/jobs/{job.job_id}/download?language={output.target_language}",
    )


class JobPage(Page[JobResponse]):
    """Jobs, newest first."""


class ProcessResponse(BaseModel):
    """The job is submitted; follow it by its events."""

    task_id: UUID = Field(description="Names this run of the job.")
    status: JobStatus = JobStatus.QUEUED
