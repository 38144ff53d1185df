"""One file: brought, quoted, worked on, and its results fetched."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from octavia_cli.api import Api
from octavia_cli.downloads import fetch
from octavia_cli.errors import JobFailedError
from octavia_cli.following import ENDED, Followed, follow
from octavia_cli.messages import _
from octavia_cli.progress import Reporter
from octavia_cli.uploads import bring, kind_of


@dataclass(frozen=True)
class Translation:
    """One run of `octavia translate`, or of its kin.

    `work` is what is done with the file, as the address of the request has it, and `file_type` what the file
    is uploaded as; its name tells where they are left out. `subtitles` are used in place of recognition.
    """

    api: Api
    report: Reporter
    file: Path
    folder: Path | None
    work: str | None = None
    file_type: str | None = None
    subtitles: Path | None = None

    def run(
        self, source: str, targets: list[str], wishes: Mapping[str, Any] = MappingProxyType({})
    ) -> dict[str, Any]:
        """Everything from the upload to the finished files; returns what `--json` prints. Raises CliError."""
        kind = self.file_type or kind_of(self.file)
        asked: dict[str, Any] = {
            "file_id": bring(self.api, self.report, self.file, kind),
            "source_language": source,
            **({"target_languages": targets} if targets else {}),
            **wishes,
        }
        if self.subtitles is not None:
            asked["subtitle_file_id"] = bring(self.api, self.report, self.subtitles, "subtitle")
        job = self.api.post(f"/jobs/{self.work or f'{kind}-translate'}/create", asked)
        balance = self.api.get("/credits")
        self.report.say(
            _(
                "This costs {cost} credits; you have {have}.",
                cost=job["quote"]["credits"],
                have=balance["available"],
            )
        )
        self.api.post(f"/jobs/{job['id']}/process")
        job = self._followed(job["id"])
        files = {
            output["language"]: str(fetch(self.api, self.report, job, output, self.file, self.folder))
            for output in job["outputs"]
        }
        return {
            "job_id": job["id"],
            "status": job["status"],
            "files": files,
            "failed_languages": job.get("failed_languages", []),
            "duration_seconds": job.get("duration_seconds"),
            "credits_charged": job.get("credits_charged"),
            "credits_available": self.api.get("/credits")["available"],
            "notes": self._notes(job),
        }

    def _followed(self, job_id: str) -> dict[str, Any]:
        try:
            job = follow(self.api, Followed("jobs", job_id), self._working, until=ENDED | {"review"})
        except KeyboardInterrupt:
            self.report.say(
                _(
                    "The job goes on without you. `octavia jobs {job}` shows it, "
                    "`octavia cancel {job}` ends it, "
                    "`octavia download {job}` fetches the results.",
                    job=job_id,
                )
            )
            raise
        if not job["outputs"] and job["status"] != "review":
            reason = job.get("error_message") or _("The job was cancelled.")
            raise JobFailedError(
                _("{reason} Your credits are back.", reason=reason),
                code=job.get("error_code") or job["status"],
                job_id=job_id,
            )
        return job

    def _working(self, job: dict[str, Any]) -> None:
        percent = float(job.get("progress_percentage") or 0.0)
        self.report.working(str(job.get("phase")), percent, str(job.get("current_step") or ""))

    def _notes(self, job: dict[str, Any]) -> list[str]:
        """What the results say of themselves, such as that nobody speaks in the video; each once."""
        found: dict[str, None] = {}
        for output in job["outputs"]:
            transcript = self.api.get(f"/jobs/{job['id']}/transcript", language=output["language"])
            found.update(dict.fromkeys(transcript.get("notes", [])))
        return list(found)
