"""`octavia translate`: from files on this machine to their translations beside them."""

from pathlib import Path
from typing import Annotated

import typer

from octavia_cli.batches import BatchTranslation, check_files
from octavia_cli.errors import UsageError
from octavia_cli.messages import _
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
    check_files(files, folder, subtitles)
    if review is not None and len(files) > 1:
        raise UsageError(_("--review is for one file; give them one by one."))
    wishes = Wishes(
        style=style,
        formality=formality,
        voices=voice or (),
        clone_voice=clone_voice,
        speakers=speakers,
        glossary=glossary,
        model_size=model_size,
        check_speech=check_speech,
        preview=preview,
        review=review,
    ).body()
    with signed_in(server) as api, reporter(err()) as report:
        if len(files) > 1:
            done = BatchTranslation(api, report, files, folder).run(source, to, wishes)
        else:
            done = Translation(api, report, files[0], folder, subtitles=subtitles).run(source, to, wishes)
    show(done, as_json=as_json)
