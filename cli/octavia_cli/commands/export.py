"""`octavia export`: other files of a finished job, such as all dubs in one file."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from octavia_cli.api import Api
from octavia_cli.downloads import Wanted, download, result_path
from octavia_cli.errors import JobFailedError
from octavia_cli.foreign import file_name
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

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0
"""Between two looks at an export that is being made; grows by half each time."""


@reports_errors
def export(
    job_id: Annotated[str, typer.Argument(help=_("Id of the job."))],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", help=_("tracks, burnt, background, speech or audio; left out: what there is to choose.")
        ),
    ] = None,
    container: Annotated[
        str | None, typer.Option("--container", help=_("Such as mkv; by default the usual one."))
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", help=_("Only this language; may be repeated."))
    ] = None,
    subtitles: Annotated[
        str | None, typer.Option("--subtitles", help=_("Which subtitles: source, target or bilingual."))
    ] = None,
    position: Annotated[
        str, typer.Option("--position", help=_("Where burnt-in subtitles stand: bottom, top or auto."))
    ] = "bottom",
    folder: Annotated[Path, typer.Option("--out", "--output", help=_("Folder for the results."))] = Path(),
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Have another file made of a finished job, and fetch it; it costs nothing."""
    with signed_in(server) as api, reporter(err()) as report:
        if kind is None:
            _show(api.get(f"/jobs/{job_id}/exports"), as_json=as_json)
            return
        asked: dict[str, Any] = {"kind": kind}
        if container is not None:
            asked["container"] = container
        if to:
            asked["languages"] = to
        if subtitles is not None or position != "bottom":
            asked["subtitles"] = {"content": subtitles or "target", "position": position}
        made = _finished(api, job_id, api.post(f"/jobs/{job_id}/exports", asked))
        path = _fetch(api, report, job_id, made, folder)
    if as_json:
        print_json({"job_id": job_id, "export_id": made["id"], "file": str(path), "notes": made["notes"]})
        return
    for note in made["notes"]:
        out().print(note, markup=False)
    out().print(str(path), markup=False, soft_wrap=True)


def _finished(api: Api, job_id: str, made: dict[str, Any]) -> dict[str, Any]:
    """The export once it is done. Raises JobFailedError where it cannot be made."""
    wait = FIRST_WAIT_SECONDS
    while made["status"] == "making":
        time.sleep(wait)
        wait = min(wait * 1.5, LONGEST_WAIT_SECONDS)
        made = api.get(f"/jobs/{job_id}/exports/{made['id']}")
    if made["status"] != "completed":
        raise JobFailedError(
            str(made.get("error_message") or _("The export could not be made.")),
            code=str(made.get("error_code") or made["status"]),
            job_id=job_id,
        )
    return made


def _fetch(api: Api, report: Reporter, job_id: str, made: dict[str, Any], folder: Path) -> Path:
    job: dict[str, Any] = api.get(f"/jobs/{job_id}")
    source = Path(file_name(job["filename"]))
    named = result_path(source, made["languages"][0], None, folder)
    # The server's own words for kind and container go into a name only where they are plain words.
    suffix = "".join(letter for letter in str(made["container"]) if letter.isalnum())[:10]
    word = "".join(letter for letter in str(made["kind"]) if letter.isalnum())[:20]
    target = named.with_name(f"{named.name.removesuffix(named.suffix)}.{word}.{suffix}")
    wanted = Wanted(f"/jobs/{job_id}/exports/{made['id']}/download", made["size_bytes"])
    download(api, wanted, target, lambda share: report.downloading(target.name, share))
    return target


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    table = Table(_("Export"), _("Containers"))
    for kind, containers in found["containers"].items():
        table.add_row(str(kind), ", ".join(map(str, containers)) or _("cannot be made"))
    out().print(table)
