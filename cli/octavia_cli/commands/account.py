"""Opening an account, signing in and out."""

import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from octavia_cli.errors import CliError, UsageError
from octavia_cli.messages import _
from octavia_cli.sessions import Session, SessionStore
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    address,
    anonymous,
    out,
    print_json,
    reports_errors,
    signed_in,
)

EmailArgument = Annotated[str | None, typer.Argument(help=_("E-mail address; asked for where missing."))]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help=_("Read the password from standard input, for scripts."))
]


@reports_errors
def register(
    email: EmailArgument = None,
    password_stdin: StdinOption = False,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Open an account and keep its session."""
    _sign_in("/auth/register", email, password_stdin, server, as_json, confirm=True)


@reports_errors
def login(
    email: EmailArgument = None,
    password_stdin: StdinOption = False,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Sign in and keep the session."""
    _sign_in("/auth/login", email, password_stdin, server, as_json, confirm=False)


@reports_errors
def logout(server: ServerOption = DEFAULT_SERVER) -> None:
    """End the session on the server, and forget it here even where the server is away."""
    store = SessionStore()
    session = store.get(address(server))
    if session is not None:
        with suppress(CliError), signed_in(server, store) as api:
            api.post("/auth/logout", {"refresh_token": session.refresh_token})
        with store.locked():
            store.remove(address(server))
    out().print(_("Signed out of {server}.", server=address(server)))


def _sign_in(
    path: str, email: str | None, from_stdin: bool, server: str, as_json: bool, *, confirm: bool
) -> None:
    if email is None:
        if from_stdin:
            raise UsageError(_("Give the e-mail address along with --password-stdin."))
        email = str(typer.prompt(_("E-mail address")))
    password = _from_stdin() if from_stdin else _asked(confirm)
    with anonymous(server) as api:
        tokens: dict[str, Any] = api.post(path, {"email": email, "password": password})
        store = SessionStore()
        with store.locked():
            store.put(api.server, Session(email, tokens["access_token"], tokens["refresh_token"]))
    if as_json:
        print_json({"user": tokens["user"], "server": api.server})
    else:
        out().print(_("Signed in to {server} as {email}.", server=api.server, email=email), markup=False)


def _from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise UsageError(_("There is no password on standard input."))
    return password


def _asked(confirm: bool) -> str:
    return str(typer.prompt(_("Password"), hide_input=True, confirmation_prompt=confirm))
