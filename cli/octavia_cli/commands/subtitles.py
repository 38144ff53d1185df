"""`octavia subtitles`: subtitles of a video or of sound, and subtitle files in other languages."""

from pathlib import Path
from typing import Annotated, Any

import typer

from octavia_cli.batches import check_files
from octavia_cli.commands.translate import SubtitlesOption, Translation, tell
from octavia_cli.messages import _
from octavia_cli.plugins import Extended
from octavia_cli.progress import reporter
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    err,
    print_json,
    reports_errors,
    signed_in,
)
from octavia_cli.uploads import kind_of
from octavia_cli.wishes import Wishes

app = typer.Typer(cls=Extended, no_args_is_help=True)

FolderOption = Annotated[
    Path | None,
    typer.Option("--out", "--output", help=_("Folder for the results; by default that of the video.")),
]
GlossaryOption = Annotated[
    Path | None,
    typer.Option("--glossary", help=_("CSV file of terms: the columns source, es, fr, and keep.")),
]


@app.command("create", help=_("Make subtitles of a video, or of sound, in its own language and in others."))
@reports_errors
def create(
    file: Annotated[Path, typer.Argument(help=_("The video, or sound such as a podcast."))],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help=_("Language of subtitles; may be repeated. By default the one spoken.")),
    ] = None,
    source: Annotated[
        str,
        typer.Option("--from", "--source", help=_("Language spoken in the video; auto has it found out.")),
    ] = "en",
    folder: FolderOption = None,
    glossary: GlossaryOption = None,
    subtitles: SubtitlesOption = None,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Upload, recognise, translate, download: `talk.es.srt` lies beside `talk.mp4`."""
    check_files([file], folder)
    if subtitles is not None:
        check_files([subtitles], folder)
    with signed_in(server) as api, reporter(err()) as report:
        work = Translation(api, report, file, folder, "subtitles", kind_of(file), subtitles)
        done = work.run(source, to or [], Wishes(glossary=glossary).body())
    _say(done, as_json=as_json)


@app.command("translate", help=_("Translate a subtitle file; its form, times and styling stay."))
@reports_errors
def translate(
    file: Annotated[Path, typer.Argument(help=_("SubRip, WebVTT or SubStation, in any encoding."))],
    to: Annotated[list[str], typer.Option("--to", help=_("Target language, such as es; may be repeated."))],
    source: Annotated[str, typer.Option("--from", "--source", help=_("Language of the file."))] = "en",
    folder: FolderOption = None,
    glossary: GlossaryOption = None,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Upload, translate, download: `talk.es.srt` lies beside `talk.srt`."""
    check_files([file], folder)
    with signed_in(server) as api, reporter(err()) as report:
        work = Translation(api, report, file, folder, "subtitle-translate", "subtitle")
        done = work.run(source, to, Wishes(glossary=glossary).body())
    _say(done, as_json=as_json)


def _say(done: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        tell(done, [done])
