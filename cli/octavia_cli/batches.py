"""Several files at once: brought one by one, quoted together, held all or none, each a job of its own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_cli.api import Api
from octavia_cli.downloads import fetch
from octavia_cli.errors import JobFailedError, UsageError
from octavia_cli.following import Followed, follow
from octavia_cli.messages import _
from octavia_cli.progress import Reporter
from octavia_cli.uploads import bring, kind_of

MOST_FILES = 100


def check_files(files: Sequence[Path], folder: Path | None, subtitles: Path | None = None) -> None:
    """Raises UsageError for what is no file, for too many, and where two results would have one name.

    `subtitles` are used in place of recognition: one file can have them, several cannot.
    """
    for file in filter(None, (*files, subtitles)):
        if not file.is_file():
            raise UsageError(_("There is no file {path}.", path=file))
    if len(files) > MOST_FILES:
        raise UsageError(_("At most {most} files go together; these are {count}.", most=MOST_FILES,
                           count=len(files)))  # fmt: skip
    places = Counter((folder or file.resolve().parent) / file.stem for file in files)
    for place, count in places.items():
        if count > 1:
            raise UsageError(_("Two of these files would have results of one name: {name}.", name=place.name))
    if subtitles is not None and len(files) > 1:
        raise UsageError(_("--subtitles belongs to one file; give them one by one."))


@dataclass(frozen=True)
class BatchTranslation:
    """One run of `octavia translate`, or of its kin, with several files.

    `kind` is what is made of each, and `file_type` what they are uploaded as; their names tell where they are
    left out.
    """

    api: Api
    report: Reporter
    files: Sequence[Path]
    folder: Path | None
    kind: str | None = None
    file_type: str | None = None

    def run(self, source: str, targets: list[str], wishes: Mapping[str, Any]) -> dict[str, Any]:
        """From the uploads to the finished files; returns what `--json` prints. Raises CliError."""
        items = [
            {
                "file_id": bring(self.api, self.report, file, self.file_type or kind_of(file)),
                "kind": self.kind or f"{kind_of(file)}_translate",
                "source_language": source,
                **({"target_languages": targets} if targets else {}),
                **wishes,
            }
            for file in self.files
        ]
        batch = self.api.post("/batches", {"items": items})
        files = {job["id"]: file for job, file in zip(batch["jobs"], self.files, strict=True)}
        balance = self.api.get("/credits")
        self.report.say(
            _(
                "These {count} files cost {cost} credits; you have {have}.",
                count=len(items),
                cost=batch["quote"],
                have=balance["available"],
            )
        )
        self.api.post(f"/batches/{batch['id']}/process")
        ended = self._followed(batch["id"])
        jobs = [self.api.get(f"/jobs/{job_id}") for job_id in files]
        return {
            "batch_id": batch["id"],
            "status": ended["status"],
            "jobs": [self._result(job, files[job["id"]]) for job in jobs],
            "credits_charged": ended["credits_charged"],
            "credits_available": self.api.get("/credits")["available"],
        }

    def _followed(self, batch_id: str) -> dict[str, Any]:
        try:
            return follow(self.api, Followed("batches", batch_id), self._working)
        except KeyboardInterrupt:
            self.report.say(
                _("The jobs go on without you. `octavia jobs` shows them, `octavia cancel` ends one.")
            )
            raise

    def _working(self, batch: dict[str, Any]) -> None:
        ended = sum(batch["counts"].get(name, 0) for name in _ENDED)
        step = _("{done} of {total} files are done", done=ended, total=batch["total"])
        self.report.working("batch", float(batch["progress_percentage"]), step)

    def _result(self, job: dict[str, Any], file: Path) -> dict[str, Any]:
        outputs = {
            output["language"]: str(fetch(self.api, self.report, job, output, file, self.folder))
            for output in job["outputs"]
        }
        return {
            "job_id": job["id"],
            "file": str(file),
            "status": job["status"],
            "files": outputs,
            "failed_languages": job.get("failed_languages", []),
            "error": job.get("error_message"),
        }


_ENDED = ("completed", "partially_completed", "failed", "cancelled")


def check_all_done(done: Mapping[str, Any]) -> None:
    """Raises JobFailedError where a file is not done, after everything else is told."""
    missing = [job for job in done["jobs"] if job["status"] != "completed"]
    if missing:
        raise JobFailedError(
            _("{count} of these files are not done; what they cost is back.", count=len(missing)),
            code=done["status"],
            batch_id=done["batch_id"],
        )
