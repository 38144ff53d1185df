"""What every command shares: which server, who is asking, and how errors end the program."""

import functools
import json
import os
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from octavia_cli.api import Api, Credentials, FixedToken, NoCredentials, StoredSession
from octavia_cli.errors import CliError, ExitCode, NotSignedInError, UsageError
from octavia_cli.messages import _
from octavia_cli.sessions import SessionStore

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_SERVER = "http://127.0.0.1:8080"

ServerOption = Annotated[
    str, typer.Option("--server", envvar=["OCTAVIA_SERVER", "OCTAVIA_URL"], help=_("Address of the server."))
]
JsonOption = Annotated[bool, typer.Option("--json", help=_("Print the result as JSON, for scripts."))]


def out() -> Console:
    """Standard output: results. Brackets in them are brackets."""
    return Console(highlight=False, markup=False)


def err() -> Console:
    """Standard error: progress and complaints."""
    return Console(stderr=True, highlight=False, markup=False)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def address(server: str) -> str:
    """A server's address in its one form. Raises UsageError."""
    if not server.startswith(("http://", "https://")):
        raise UsageError(
            _("--server must begin with http:// or https://, such as {example}", example=DEFAULT_SERVER)
        )
    return server.rstrip("/")


def anonymous(server: str) -> Api:
    """The API for somebody who is not signed in yet."""
    return Api(address(server), NoCredentials())


def signed_in(server: str, store: SessionStore | None = None) -> Api:
    """The API for OCTAVIA_API_KEY, else OCTAVIA_TOKEN, else whoever ran `octavia login`.

    Raises NotSignedInError where there is none of them.
    """
    server = address(server)
    given = os.environ.get("OCTAVIA_API_KEY") or os.environ.get("OCTAVIA_TOKEN")
    credentials: Credentials = FixedToken(given) if given else StoredSession(store or SessionStore(), server)
    if credentials.token() is None:
        raise NotSignedInError
    return Api(server, credentials)


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """End a command with one line and its exit code instead of a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except CliError as error:
            if kwargs.get("as_json"):
                print_json(error.document())
            err().print(error.message, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None

    return run
