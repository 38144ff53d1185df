"""Seeing, cancelling and fetching jobs."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from octavia_cli.downloads import fetch
from octavia_cli.errors import JobFailedError, RefusedError
from octavia_cli.foreign import file_name
from octavia_cli.messages import _
from octavia_cli.progress import reporter
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

JobArgument = Annotated[str, typer.Argument(help=_("Id of the job."))]


@reports_errors
def jobs(
    job_id: Annotated[str | None, typer.Argument(help=_("Id of one job, to see all of it."))] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help=_("Only jobs of this status."))] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help=_("Most jobs."))] = 20,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """The newest jobs, or everything about one."""
    with signed_in(server) as api:
        if job_id is not None:
            job = api.get(f"/jobs/{job_id}")
            print_json(job) if as_json else _show(job)
            return
        page = api.get("/jobs", status=status, limit=limit)
    if as_json:
        print_json(page["items"])
        return
    if not page["items"]:
        out().print(_("There are no jobs yet."))
        return
    table = Table(_("Job"), _("File"), _("Into"), _("Status"), _("Done"), _("Credits"), _("Created"))
    for job in page["items"]:
        table.add_row(
            job["id"],
            job["filename"],
            ", ".join(job["target_languages"]),
            status_word(job["status"]),
            f"{job['progress_percentage']:.0f}%",
            str(job["quote"]["credits"]),
            job["created_at"][:16].replace("T", " "),
        )
    out().print(table)


@reports_errors
def cancel(job_id: JobArgument, server: ServerOption = DEFAULT_SERVER, as_json: JsonOption = False) -> None:
    """Ask for a job or a video to be cancelled; ids tell nobody which it is, so both are tried."""
    with signed_in(server) as api:
        try:
            found = api.post(f"/jobs/{job_id}/cancel")
        except RefusedError as error:
            if error.code != "job_not_found":
                raise
            found = api.post(f"/videos/{job_id}/cancel")
    if as_json:
        print_json(found)
    else:
        out().print(_("It is being cancelled; its credits come back."))


@reports_errors
def release(job_id: JobArgument, server: ServerOption = DEFAULT_SERVER, as_json: JsonOption = False) -> None:
    """Let a job go on that waits for review, with its lines as they are now."""
    with signed_in(server) as api:
        job = api.post(f"/jobs/{job_id}/release")
    if as_json:
        print_json(job)
    else:
        out().print(_("It goes on. `octavia jobs {job}` shows it.", job=job_id))


@reports_errors
def download_results(
    job_id: JobArgument,
    to: Annotated[
        list[str] | None, typer.Option("--to", help=_("Only this language; may be repeated."))
    ] = None,
    folder: Annotated[Path, typer.Option("--out", "--output", help=_("Folder for the results."))] = Path(),
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Fetch the results of a completed job."""
    with signed_in(server) as api, reporter(err()) as report:
        job: dict[str, Any] = api.get(f"/jobs/{job_id}")
        if not job["outputs"]:
            raise JobFailedError(
                _("The job has no results: it is {status}.", status=status_word(job["status"])),
                code=job["status"],
            )
        wanted = [output for output in job["outputs"] if not to or output["language"] in to]
        source = Path(file_name(job["filename"]))
        files = {o["language"]: str(fetch(api, report, job, o, source, folder)) for o in wanted}
    if as_json:
        print_json({"job_id": job_id, "files": files})
        return
    for language, path in files.items():
        out().print(f"{language}: {path}", markup=False, soft_wrap=True)


def status_word(status: str) -> str:
    """A job's status in the reader's language."""
    words = {
        "pending": _("not started"),
        "queued": _("queued"),
        "processing": _("at work"),
        "review": _("waits for your review"),
        "completed": _("completed"),
        "partially_completed": _("partially completed"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
        "expired": _("expired"),
    }
    return words.get(status, status)


def _show(job: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    table.add_row(_("Job"), job["id"])
    table.add_row(_("File"), job["filename"])
    table.add_row(_("Into"), ", ".join(job["target_languages"]))
    table.add_row(_("Status"), status_word(job["status"]))
    table.add_row(_("Done"), f"{job['progress_percentage']:.1f}%  {job['current_step']}")
    table.add_row(_("Credits"), str(job["credits_charged"] or job["quote"]["credits"]))
    table.add_row(_("Created"), job["created_at"][:16].replace("T", " "))
    if job.get("error_message"):
        table.add_row(_("Error"), job["error_message"])
    out().print(table)
