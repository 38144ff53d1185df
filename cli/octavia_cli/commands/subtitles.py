"""`octavia subtitles`: subtitles of a video or of sound, and subtitle files in other languages."""

from pathlib import Path
from typing import Annotated

import typer

from octavia_cli.batches import BatchTranslation, check_files
from octavia_cli.commands.translate import SubtitlesOption
from octavia_cli.messages import _
from octavia_cli.plugins import Extended
from octavia_cli.progress import reporter
from octavia_cli.results import show
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    err,
    reports_errors,
    signed_in,
)
from octavia_cli.translation import Translation
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
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help=_("Videos, or sound such as podcasts; up to 100 at once.")),
    ],
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
    check_files(files, folder, subtitles)
    wishes = Wishes(glossary=glossary).body()
    with signed_in(server) as api, reporter(err()) as report:
        if len(files) > 1:
            done = BatchTranslation(api, report, files, folder, "subtitles").run(source, to or [], wishes)
        else:
            work = Translation(api, report, files[0], folder, "subtitles", kind_of(files[0]), subtitles)
            done = work.run(source, to or [], wishes)
    show(done, as_json=as_json)


@app.command("translate", help=_("Translate a subtitle file; its form, times and styling stay."))
@reports_errors
def translate(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help=_("SubRip, WebVTT or SubStation, in any encoding; up to 100 at once.")
        ),
    ],
    to: Annotated[list[str], typer.Option("--to", help=_("Target language, such as es; may be repeated."))],
    source: Annotated[str, typer.Option("--from", "--source", help=_("Language of the file."))] = "en",
    folder: FolderOption = None,
    glossary: GlossaryOption = None,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Upload, translate, download: `talk.es.srt` lies beside `talk.srt`."""
    check_files(files, folder)
    wishes, kind = Wishes(glossary=glossary).body(), "subtitle_translate"
    with signed_in(server) as api, reporter(err()) as report:
        if len(files) > 1:
            done = BatchTranslation(api, report, files, folder, kind, "subtitle").run(source, to, wishes)
        else:
            work = Translation(api, report, files[0], folder, "subtitle-translate", "subtitle")
            done = work.run(source, to, wishes)
    show(done, as_json=as_json)
