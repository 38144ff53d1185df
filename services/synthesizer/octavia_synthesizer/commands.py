"""`octavia voices`: which languages the speech engine that is configured here speaks."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from octavia_common.errors import EngineUnavailableError

from octavia_synthesizer.engines import make_engine
from octavia_synthesizer.settings import SynthesizerSettings

app = typer.Typer(help="Languages that the installed speech engine speaks.")


@app.callback(invoke_without_command=True)
def voices(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False) -> None:
    """List the languages, as BCP 47 tags."""
    try:
        languages = asyncio.run(spoken_languages(SynthesizerSettings()))
    except EngineUnavailableError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(languages))
    else:
        typer.echo("any language" if languages is None else "\n".join(languages))


async def spoken_languages(settings: SynthesizerSettings) -> Sequence[str] | None:
    """Tags of the languages of the engine that the settings name; None where it takes any."""
    engine = make_engine(settings)
    await engine.start()
    try:
        return engine.languages()
    finally:
        await engine.close()
