"""`octavia languages`: what the translator that is configured here can translate."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer
from octavia_common.errors import EngineUnavailableError

from octavia_translator.engines import make_engine
from octavia_translator.settings import TranslatorSettings

app = typer.Typer(help="Language pairs that the installed translation engine can do.")


class Format(StrEnum):
    """How the pairs are printed; `setting` is what the gateway's LANGUAGE_PAIRS takes."""

    TEXT = "text"
    JSON = "json"
    SETTING = "setting"


@app.callback(invoke_without_command=True)
def languages(
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TEXT,
) -> None:
    """List every source language and what it can be translated into, pivots included."""
    try:
        pairs = asyncio.run(installed_pairs(TranslatorSettings()))
    except EngineUnavailableError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(1) from None
    typer.echo(rendered(pairs, form))


async def installed_pairs(settings: TranslatorSettings) -> Mapping[str, Sequence[str]] | None:
    """Targets by source of the engine that the settings name; None where it takes any pair."""
    engine = make_engine(settings)
    await engine.start()
    try:
        return engine.pairs()
    finally:
        await engine.close()


def rendered(pairs: Mapping[str, Sequence[str]] | None, form: Format) -> str:
    """The pairs in the format asked for."""
    if form is Format.JSON:
        return json.dumps(pairs)
    if pairs is None:
        return "any pair" if form is Format.TEXT else ""
    if form is Format.SETTING:
        return ",".join(f"{source}:{target}" for source in pairs for target in pairs[source])
    return "\n".join(f"{source} → {', '.join(targets)}" for source, targets in pairs.items())
