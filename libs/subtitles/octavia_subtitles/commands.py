"""`octavia subtitles check FILE`: which rules of readable subtitles a file keeps, cue by cue."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from octavia_subtitles.reading import UnreadableSubtitlesError, read
from octavia_subtitles.rules import DEFAULT_FRAME_RATE, Rules, validate

app = typer.Typer(help="Subtitle files: what is wrong with them.", no_args_is_help=True)


@app.callback()
def subtitles() -> None:
    """A group, so that its commands are named."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="SubRip, WebVTT or SubStation.")],
    frames: Annotated[
        float, typer.Option(min=1, max=240, help="Frames a second of the picture, for the gap of two frames.")
    ] = DEFAULT_FRAME_RATE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check each cue against the rules: width, lines, reading speed, length, gaps, order.

    Ends with 0 where all are kept, 1 where not, 2 where the file cannot be read.
    """
    try:
        found = read(file.read_bytes())
    except UnreadableSubtitlesError as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(2) from None
    broken = list(validate(found.cues, Rules.for_frame_rate(frames)))
    if as_json:
        report = {"form": found.form, "encoding": found.encoding, "cues": len(found.cues)}
        typer.echo(json.dumps(report | {"violations": [asdict(each) for each in broken]}, ensure_ascii=False))
    else:
        for each in broken:
            cue = found.cues[each.index]
            shown = cue.text if len(cue.text) <= 40 else f"{cue.text[:39]}…"
            typer.echo(
                f"{each.index + 1:5}  {_clock(cue.start_ms)}  {each.rule:13}  {each.message}  «{shown}»"
            )
        bad = len({each.index for each in broken})
        typer.echo(
            f"{len(found.cues)} cues ({found.form}, {found.encoding}): {bad or 'none'} with something wrong"
        )
    if broken:
        raise typer.Exit(1)


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
