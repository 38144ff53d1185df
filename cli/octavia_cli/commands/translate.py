"""`octavia translate`: from files on this machine to their translations beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from octavia_cli.api import Api
from octavia_cli.batches import BatchTranslation, check_all_done, check_files
from octavia_cli.downloads import fetch
from octavia_cli.errors import JobFailedError, UsageError
from octavia_cli.following import ENDED, Followed, follow
from octavia_cli.messages import _
from octavia_cli.progress import Reporter, reporter
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    err,
    out,
    print_json,
    reports_errors,
    signed_in,
)
from octavia_cli.uploads import kind_of, upload
from octavia_cli.wishes import Wishes

SubtitlesOption = Annotated[
    Path | None,
    typer.Option(
        "--subtitles", help=_("Subtitle file in the language spoken, used in place of recognising it.")
    ),
]


@reports_errors
def translate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help=_("Videos, or sound such as podcasts; up to 100 at once.")),
    ],
    to: Annotated[list[str], typer.Option("--to", help=_("Target language, such as es; may be repeated."))],
    source: Annotated[
        str,
        typer.Option("--from", "--source", help=_("Language spoken in the video; auto has it found out.")),
    ] = "en",
    folder: Annotated[
        Path | None,
        typer.Option("--out", "--output", help=_("Folder for the results; by default that of the video.")),
    ] = None,
    style: Annotated[
        str | None, typer.Option("--style", help=_("How it is to sound, in your words."))
    ] = None,
    formality: Annotated[str | None, typer.Option("--formality", help=_("formal or informal."))] = None,
    glossary: Annotated[
        Path | None,
        typer.Option("--glossary", help=_("CSV file of terms: the columns source, es, fr, and keep.")),
    ] = None,
    voice: Annotated[
        list[str] | None,
        typer.Option(
            "--voice", help=_("Voice of a speaker, such as S1=ana, or of everybody; may be repeated.")
        ),
    ] = None,
    clone_voice: Annotated[
        bool,
        typer.Option("--clone-voice", help=_("Speak in the speakers' own voices; they have consented.")),
    ] = False,
    check_speech: Annotated[
        bool,
        typer.Option(
            "--check-speech", help=_("Have each dubbed line heard again, and spoken again where bad.")
        ),
    ] = False,
    speakers: Annotated[
        int | None, typer.Option("--speakers", min=1, max=20, help=_("How many people speak."))
    ] = None,
    model_size: Annotated[
        str | None, typer.Option("--model-size", help=_("Size of the recogniser's model."))
    ] = None,
    subtitles: SubtitlesOption = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help=_("Only the first minute; what it costs counts against the whole.")),
    ] = False,
    review: Annotated[
        str | None,
        typer.Option(
            "--review",
            help=_("Stop until you have looked at the lines: at the transcript, or at the translation."),
        ),
    ] = None,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Upload, dub, download. A result is named `talk.es.mp4`; an earlier one of that name is replaced."""
    check_files(files, folder)
    if subtitles is not None:
        check_files([subtitles], folder)
        if len(files) > 1:
            raise UsageError(_("--subtitles belongs to one file; give them one by one."))
    if review is not None and len(files) > 1:
        raise UsageError(_("--review is for one file; give them one by one."))
    wishes = Wishes(
        style,
        formality,
        voice or (),
        clone_voice,
        speakers,
        glossary,
        model_size,
        check_speech,
        preview,
        review,
    ).body()
    with signed_in(server) as api, reporter(err()) as report:
        if len(files) > 1:
            done = BatchTranslation(api, report, files, folder).run(source, to, wishes)
        else:
            done = Translation(api, report, files[0], folder, subtitles=subtitles).run(source, to, wishes)
    jobs: list[dict[str, Any]] = done.get("jobs", [done])
    if as_json:
        print_json(done)
    elif done["status"] == "review":
        out().print(_("It waits for your review. Go on with: octavia release {job}", job=done["job_id"]))
    else:
        tell(done, jobs)
    if len(files) > 1:
        check_all_done(done)


def tell(done: dict[str, Any], jobs: list[dict[str, Any]]) -> None:
    """Say where the results lie, what they say of themselves, and what they cost."""
    for job in jobs:
        for language, path in job["files"].items():
            out().print(f"{language}: {path}", markup=False, soft_wrap=True)
        for failed in job.get("failed_languages", ()):
            out().print(
                _(
                    "{language} could not be made: {reason} Its credits are back.",
                    language=failed["language"],
                    reason=failed["error_message"],
                ),
                markup=False,
            )
        for note in job.get("notes", ()):
            out().print(note, markup=False)
        if job.get("error"):
            out().print(f"{job['file']}: {job['error']}", markup=False, soft_wrap=True)
    charged = done["credits_charged"]
    out().print(
        _("It cost {cost} credits; {left} are left.", cost=charged, left=done["credits_available"]),
        markup=False,
    )


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
            "file_id": self._brought(self.file, kind),
            "source_language": source,
            **({"target_languages": targets} if targets else {}),
            **wishes,
        }
        if self.subtitles is not None:
            asked["subtitle_file_id"] = self._brought(self.subtitles, "subtitle")
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

    def _brought(self, file: Path, kind: str) -> str:
        """Upload a file; returns its id."""
        brought = upload(
            self.api, file, lambda share: self.report.uploading(file.name, share), file_type=kind
        )
        return str(brought["file_id"])

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
