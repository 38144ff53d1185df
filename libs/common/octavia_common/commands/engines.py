"""`octavia engines`: which engines there are, whether each can load here, and why not.

Each is tried in a process of its own, by the Python of its own environment where it has one, so that what one
loads, or breaks, is gone when the next begins.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from octavia_common.engines import EngineOffer
from octavia_common.errors import EngineUnavailableError

GROUP = "octavia.engines"
PROBE = "octavia_common.commands.engine_probe"

app = typer.Typer(help="Engines, whether each can load here, and why not.")


@dataclass(frozen=True)
class Tried:
    """What came of starting an engine; `why` says why it cannot."""

    kind: str
    engine: str
    chosen: bool
    loads: bool
    seconds: float
    why: str = ""
    version: str = ""
    model: str | None = None
    licence: str | None = None


@app.callback(invoke_without_command=True)
def engines(
    kind: Annotated[str | None, typer.Option(help="Only transcriber, translator or synthesizer.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch models that are not here yet.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that one may take to load.")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Start each engine that a service here can run, with the settings of the environment, and stop it again.

    Exits with 1 where one that is chosen cannot load.
    """
    results = []
    for reference, offer in offers():
        if kind is not None and offer.kind != kind:
            continue
        for name in offer.names:
            done = tried(reference, offer, name, fetch=fetch, timeout=timeout)
            results.append(done)
            if not as_json:
                typer.echo(line_of(done))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in results], indent=2))
    elif results:
        typer.echo("* is chosen by the settings.")
    raise typer.Exit(1 if any(each.chosen and not each.loads for each in results) else 0)


def offers() -> list[tuple[str, EngineOffer]]:
    """What each installed service offers, behind the place of its offer (`module:name`)."""
    return [
        (point.value, getattr(import_module(point.module), point.attr))
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)
    ]


def tried(reference: str, offer: EngineOffer, name: str, *, fetch: bool, timeout: float) -> Tried:
    """Start the engine in a process of its own."""
    chosen = offer.chosen() == name
    settings = {} if fetch else {"HF_HUB_OFFLINE": "1", **offer.gently}
    command = [str(python_of(name)), "-m", PROBE, reference, name]
    started = time.monotonic()
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Tried(offer.kind, name, chosen, False, timeout, f"It did not load within {timeout:g} s.")
    seconds = round(time.monotonic() - started, 1)
    try:
        # The last line: packages print whatever they like before it.
        said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        return Tried(offer.kind, name, chosen, False, seconds, last[:300])
    return Tried(offer.kind, name, chosen, not said["why"], seconds, **said)


def python_of(engine: str) -> Path:
    """The Python that runs an engine: that of `.engines/<engine>` beside this environment, else this one."""
    own = Path(sys.prefix).parent / ".engines" / engine / "bin" / "python"
    return own if own.exists() else Path(sys.executable)


def line_of(done: Tried) -> str:
    """One line for a person."""
    head = f"{'*' if done.chosen else ' '} {done.kind:<12} {done.engine:<15}"
    if not done.loads:
        return f"{head} no   {done.why}"
    about = ", ".join(
        part
        for part in (done.version, done.model, f"licence {done.licence}" if done.licence else None)
        if part
    )
    return f"{head} yes  {done.seconds:.1f} s  {about}"


async def probed(reference: str, name: str) -> dict[str, Any]:
    """What the probe prints: `why` it cannot load, or what it is."""
    module, _, attribute = reference.partition(":")
    try:
        offer: EngineOffer = getattr(import_module(module), attribute)
        engine = offer.make(name)
        await engine.start()
    except EngineUnavailableError as error:
        return {"why": error.message}
    except Exception as error:  # noqa: BLE001 - the very thing that is asked
        return {"why": f"{type(error).__name__}: {str(error)[:300]}"}
    try:
        told = engine.published()  # type: ignore[attr-defined]
        return {"why": "", "version": told.version, "model": told.model, "licence": told.licence}
    finally:
        await asyncio.wait_for(engine.close(), 30)
