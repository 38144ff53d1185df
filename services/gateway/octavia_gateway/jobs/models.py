"""A job as the gateway keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from octavia_common.events import AUTO, ArtifactRef, CountedPreview, JobRef, JobSpec, Output, hold_id_of

from octavia_gateway.jobs.run import Run
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.jobs.view import View, view_of

JobOutput = Output


@dataclass(frozen=True)
class Job:
    """What was asked for, and the run in hand.

    `attempt` counts processings from 1 (0: never processed); the hold of the latest is `hold_id`.
    """

    job_id: UUID
    user_id: UUID
    file_id: UUID
    spec: JobSpec
    quote_credits: int
    price_version: str
    created_at: datetime
    run: Run
    attempt: int = 0
    hold_id: UUID | None = None
    submitted_at: datetime | None = None
    deadline_at: datetime | None = None
    heard_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    given_up_at: datetime | None = None
    batch_id: UUID | None = None
    subtitle_file_id: UUID | None = None
    counted: tuple[CountedPreview, ...] = ()
    """The paid previews by which the quote is lower."""

    @property
    def status(self) -> JobStatus:
        """Where the job stands."""
        return self.run.status

    @property
    def files(self) -> tuple[UUID, ...]:
        """What it is made of: the file itself, and the subtitle file that is used in place of recognition."""
        return (self.file_id,) if self.subtitle_file_id is None else (self.file_id, self.subtitle_file_id)

    @property
    def source_language(self) -> str:
        """The language spoken: the one asked for, or the one that was heard (`auto` before that)."""
        return self.run.detected.language if self.run.detected else self.spec.source_language

    @property
    def outputs(self) -> Mapping[str, Output]:
        """What can be downloaded, by language, in the order asked for: nothing before it is paid for."""
        delivered = self.run.delivered
        return {each: delivered[each] for each in self.spec.target_languages if each in delivered}

    @property
    def run_spec(self) -> JobSpec:
        """What the run in hand makes of it."""
        source = self.source_language if self.run.kept else self.spec.source_language
        update: dict[str, Any] = {"source_language": source, "target_languages": self.run.languages}
        if self.spec.plan is not None:  # its transcript has been looked at
            update["options"] = self.spec.options.model_copy(update={"review": "none"})
        return self.spec.model_copy(update=update)

    @property
    def credits_charged(self) -> int | None:
        """What was paid for all that was delivered; None before anything was."""
        if not self.outputs:
            return None
        this_run = self.run.charged if self.run.status.delivered else None
        return self.run.charged_before + (this_run or 0)

    @property
    def view(self) -> View:
        """What its owner is shown."""
        return view_of(self.run)

    def ref(self) -> JobRef:
        """The reference that events of the run carry. Raises ValueError before the first run."""
        if self.hold_id is None or self.deadline_at is None:
            raise ValueError(f"job {self.job_id} was never processed")
        return JobRef(
            job_id=self.job_id, user_id=self.user_id, hold_id=self.hold_id, deadline_at=self.deadline_at
        )

    def submitted(
        self, *, at: datetime, deadline_at: datetime, languages: tuple[str, ...] | None = None
    ) -> "Job":
        """The job at the start of a new run, with a hold of its own and nothing known yet.

        Where it adds `languages` to a finished job, what there is stays.
        """
        attempt = self.attempt + 1
        run = Run(languages=self.spec.target_languages)
        if languages is not None:
            run = Run(
                languages=languages,
                detected=self.run.detected,
                kept=self.outputs,
                failed={each: why for each, why in self.run.failed.items() if each not in languages},
                charged_before=self.credits_charged or 0,
            )
        return replace(
            self,
            attempt=attempt,
            hold_id=hold_id_of(self.job_id, attempt),
            submitted_at=at,
            deadline_at=deadline_at,
            heard_at=at,
            cancel_requested_at=None,
            given_up_at=None,
            run=run,
        )

    def released(self, *, at: datetime, least: timedelta, plan: ArtifactRef) -> "Job":
        """The job as it goes on behind its review, with at least so much time left for what is to be done.

        A transcript that was looked at stays the job's: later runs are made of it.
        """
        spec, deadline = self.spec, at + least
        if spec.options.review == "transcript":
            spec = spec.model_copy(update={"source_language": self.source_language, "plan": plan})
        return replace(
            self,
            spec=spec,
            run=replace(self.run, review_ended=True, status=JobStatus.PROCESSING),
            deadline_at=deadline if self.deadline_at is None else max(self.deadline_at, deadline),
            heard_at=at,
        )

    def after(self, run: Run) -> "Job":
        """The job as its run stands now; what was asked for has a name once the run knows it."""
        found = AUTO in self.spec.target_languages and AUTO not in run.languages
        spec = self.spec.model_copy(update={"target_languages": run.languages}) if found else self.spec
        return replace(self, run=run, spec=spec)

    def showing(self, output: Output) -> "Job":
        """The job with another result of a language, as rendering an edited one makes it."""
        run, language = self.run, output.target_language
        if language in run.kept and language not in run.outputs:
            return replace(self, run=replace(run, kept={**run.kept, language: output}))
        return replace(self, run=replace(run, outputs={**run.outputs, language: output}))

    def cancelled(self, *, at: datetime) -> "Job":
        """The job with its cancellation asked for; one that never ran is cancelled at once."""
        if self.status is JobStatus.PENDING:
            run = replace(self.run, status=JobStatus.CANCELLED, cancel_requested=True, finished_at=at)
        else:
            run = replace(self.run, cancel_requested=True)
        return replace(self, run=run, cancel_requested_at=at)


@dataclass(frozen=True)
class RunDeadlines:
    """How long a run may take: `work` alone, or `review` where it waits for a person in between."""

    work: timedelta
    review: timedelta

    def of(self, job: Job, now: datetime) -> datetime:
        """When a run of `job` that begins `now` fails if it has not ended."""
        waits = job.run_spec.options.review != "none"
        return now + (max(self.work, self.review) if waits else self.work)
