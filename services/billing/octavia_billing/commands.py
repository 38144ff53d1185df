"""`octavia ledger`: verify the ledger, and show one user's."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from octavia_common.database import UNAVAILABLE, Database
from rich.console import Console
from rich.table import Table

from octavia_billing.audit import AuditReport, audit
from octavia_billing.repositories import Connection
from octavia_billing.repositories.audit import AuditRepository
from octavia_billing.settings import BillingSettings

app = typer.Typer(help="The ledger of credits.", no_args_is_help=True)

DIFFERENT, UNREACHABLE, UNKNOWN = 1, 2, 3
"""Exit codes: the ledger does not agree with itself, no database, no such user."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Rebuild every balance from the entries and compare; exits with 1 on any difference."""

    async def run() -> AuditReport:
        async with _connected() as connection:
            return await audit(connection, AuditRepository())

    report = _run(run())
    if as_json:
        typer.echo(json.dumps({"sound": report.sound, **asdict(report)}, indent=2))
    else:
        _print_report(report)
    if not report.sound:
        raise typer.Exit(DIFFERENT)


@app.command()
def show(
    user: Annotated[UUID, typer.Argument(help="The user's id.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most lines of history.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show a user's balance, the grants they can spend and their history, newest first."""

    async def run() -> Mapping[str, Any] | None:
        repository = AuditRepository()
        async with _connected() as connection:
            account = await repository.account(connection, user)
            return account and {
                "account": account,
                "grants": await repository.grants(connection, user),
                "history": await repository.history(connection, user, limit),
            }

    found = _run(run())
    if found is None:
        typer.echo(
            f"No account of {user}: ids of users stand in the gateway's `me` and in job events.", err=True
        )
        raise typer.Exit(UNKNOWN)
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=str))
        return
    account = found["account"]
    typer.echo(f"{account['available']} credits available, {account['held']} held, {account['lines']} lines")
    _print_table("Grants, in the order they are spent", found["grants"])
    _print_table("History", found["history"])


@asynccontextmanager
async def _connected() -> AsyncIterator[Connection]:
    settings = BillingSettings()
    database = Database(settings.database_url.get_secret_value(), schema="billing", pool_size=1)
    await database.open()
    try:
        async with database.pool.acquire() as connection:
            yield connection
    finally:
        await database.close()


def _run(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except UNAVAILABLE as error:
        typer.echo(f"The database cannot be reached ({error}): check DATABASE_URL.", err=True)
        raise typer.Exit(UNREACHABLE) from None


def _print_report(report: AuditReport) -> None:
    for name, count in report.counts.items():
        typer.echo(f"{'ok   ' if count == 0 else 'WRONG'} {name}{f' ({count})' if count else ''}")
    for difference in report.differences:
        typer.echo(f"  {difference.subject}: {difference.wrong}", err=True)
    totals = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report.totals.items())
    typer.echo(totals)


def _print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    table = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
