"""`octavia dlq`: read the dead letters, and send them back once their cause is mended."""

import asyncio
import json
from typing import Annotated

import typer

from octavia_common.messaging.kept_letters import describe, read_letters, replay_letters
from octavia_common.settings import ServiceSettings

app = typer.Typer(help="Read and replay dead letters.", no_args_is_help=True)


@app.command("list")
def list_command(
    limit: Annotated[int, typer.Option(help="Most letters to show, newest last.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what was given up on: where it came from, when, why, and the job it belongs to."""
    for letter in asyncio.run(read_letters(ServiceSettings(), limit)):
        row = describe(letter)
        typer.echo(
            json.dumps(row)
            if as_json
            else f"#{row['offset']} {row['at']} {row['consumer']} from {row['place']}: {row['reason']}"
        )


@app.command("replay")
def replay_command(
    offsets: Annotated[list[int] | None, typer.Argument(help="Numbers shown by `list`; all if none.")] = None,
) -> None:
    """Send dead letters back to the consumer that gave them up."""
    sent = asyncio.run(replay_letters(ServiceSettings(), set(offsets) if offsets else None))
    typer.echo(f"{sent} sent back")
