"""Seeing generated videos, and what can be asked for."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from octavia_cli.api import Api
from octavia_cli.commands.generate import MOST_PROMPT_SHOWN, fetch
from octavia_cli.commands.jobs import status_word
from octavia_cli.errors import JobFailedError, UsageError
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


@reports_errors
def videos(
    video_id: Annotated[str | None, typer.Argument(help=_("Id of one video, to see all of it."))] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", "--output", help=_("Download the video into this folder."))
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help=_("Only videos of this status."))
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help=_("Most videos."))] = 20,
    models: Annotated[bool, typer.Option("--models", help=_("Show the models instead."))] = False,
    styles: Annotated[bool, typer.Option("--styles", help=_("Show the styles instead."))] = False,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """The newest videos, one of them, or what can be asked for."""
    if folder is not None and video_id is None:
        raise UsageError(_("Say which video to download."))
    with signed_in(server) as api:
        if models:
            _models(api.get("/videos/models"), as_json)
        elif styles:
            _styles(api.get("/videos/styles")["styles"], as_json)
        elif video_id is None:
            _list(api.get("/videos", status=status, limit=limit)["items"], as_json)
        elif folder is None:
            video = api.get(f"/videos/{video_id}")
            print_json(video) if as_json else _show(video)
        else:
            _download(api, video_id, folder, as_json)


def _download(api: Api, video_id: str, folder: Path, as_json: bool) -> None:
    video = api.get(f"/videos/{video_id}")
    if video["status"] != "completed":
        raise JobFailedError(
            _("There is no clip to download: the video is {status}.", status=status_word(video["status"])),
            code=video["status"],
        )
    with reporter(err(), uploads=False) as report:
        path = fetch(api, report, video, folder)
    if as_json:
        print_json({"id": video["id"], "file": str(path)})
    else:
        out().print(str(path), markup=False, soft_wrap=True)


def _list(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if not found:
        out().print(_("There are no videos yet."))
        return
    table = Table(_("Video"), _("Prompt"), _("Status"), _("Done"), _("Credits"), _("Created"))
    for video in found:
        table.add_row(
            video["id"],
            _short(video["prompt"]),
            status_word(video["status"]),
            f"{video['progress']}%",
            str(video["credits"]),
            video["created_at"][:16].replace("T", " "),
        )
    out().print(table)


def _short(prompt: str) -> str:
    line = " ".join(prompt.split())
    return line if len(line) <= MOST_PROMPT_SHOWN else line[: MOST_PROMPT_SHOWN - 1] + "…"


def _show(video: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    table.add_row(_("Video"), video["id"])
    table.add_row(_("Prompt"), video["prompt"])
    table.add_row(_("Model"), video["model"])
    table.add_row(_("Status"), status_word(video["status"]))
    table.add_row(_("Done"), f"{video['progress']}%  {video['current_step']}")
    table.add_row(_("Credits"), str(video["credits_charged"] or video["credits"]))
    table.add_row(_("Created"), video["created_at"][:16].replace("T", " "))
    if video.get("error_message"):
        table.add_row(_("Error"), video["error_message"])
    out().print(table)


def _models(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    table = Table(_("Model"), _("Can do"), _("Shapes"), _("Seconds: credits"))
    for model in found["models"]:
        prices = ", ".join(f"{price['duration_seconds']}: {price['credits']}" for price in model["prices"])
        tasks = ", ".join(task.replace("_", " ") for task in model["tasks"])
        table.add_row(model["id"], tasks, ", ".join(model["aspect_ratios"]), prices)
    out().print(table)


def _styles(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    table = Table(_("Style"), _("Name"), _("Adds to the prompt"))
    for style in found:
        table.add_row(style["id"], style["name"], style["text"])
    out().print(table)
