"""`octavia-simulator`: the provider as a command, so that a person can try the whole product against it."""

import sys
from typing import Annotated

import typer

from octavia_simulator.provider import Settings
from octavia_simulator.server import address, listen, make_server


def serve(
    host: Annotated[
        str, typer.Option(help="Where it listens; it guards nothing, so keep to this machine.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 18900,
    url: Annotated[str, typer.Option(help="How it is reached, if not by host and port.")] = "",
    api_key: Annotated[str, typer.Option(envvar="KIE_API_KEY", help="The key to ask for; empty: any.")] = "",
    webhook_key: Annotated[
        str, typer.Option(envvar="KIE_WEBHOOK_KEY", help="Signs call-backs; empty: not signed.")
    ] = "",
    seconds: Annotated[float, typer.Option(min=0, help="From a task's create to its end.")] = 6.0,
    rate: Annotated[int, typer.Option(min=1, help="Most creates in 10 s.")] = 20,
) -> None:
    """Simulate a provider of generated videos (Kie's shape and /v1/videos) until Ctrl-C."""
    try:
        listener = listen(host, port)
    except OSError as error:
        sys.exit(f"Cannot listen on port {port} of {host} ({error.strerror}). Choose another by --port.")
    with listener:
        reached = url.rstrip("/") or address(listener)
        settings = Settings(reached, api_key, webhook_key, seconds, rate)
        # The first line is for programs that start it with --port 0.
        print(reached, flush=True)
        print(
            f"Order misbehaviour by words in prompts, such as sim:silent. Counts: {reached}/simulator/counts"
        )
        make_server(settings).run([listener])


def main() -> None:
    """Console script `octavia-simulator`."""
    typer.run(serve)
