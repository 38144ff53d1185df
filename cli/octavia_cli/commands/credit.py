"""Credits and prices."""

from typing import Annotated, Any

import typer
from rich.table import Table

from octavia_cli.messages import _
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    out,
    print_json,
    reports_errors,
    signed_in,
)


@reports_errors
def credits_command(
    history: Annotated[bool, typer.Option("--history", help=_("Also show what became of them."))] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help=_("Most lines of history."))] = 20,
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """The balance and, if asked, the newest lines of its history."""
    with signed_in(server) as api:
        balance: dict[str, Any] = api.get("/credits")
        lines = api.get("/credits/transactions", limit=limit)["items"] if history else []
    if as_json:
        print_json({**balance, "transactions": lines} if history else balance)
        return
    out().print(
        _(
            "{available} credits to spend, {held} held for jobs at work.",
            available=balance["available"],
            held=balance["held"],
        )
    )
    if history:
        out().print(_history(lines))


@reports_errors
def prices(server: ServerOption = DEFAULT_SERVER, as_json: JsonOption = False) -> None:
    """The price list in force."""
    with signed_in(server) as api:
        found: dict[str, Any] = api.get("/credits/prices")
    if as_json:
        print_json(found)
        return
    table = Table(_("Kind of job"), _("Length of the source"), _("Credits for each language"))
    for kind, price in found["kinds"].items():
        lower = 0.0
        for tier in price["tiers"]:
            cost = -(-tier["credits"] * price.get("percent", 100) // 100)
            table.add_row(kind_word(kind), _length(lower, tier), str(cost))
            lower = tier["limit_seconds"] or lower
    out().print(table)


def kind_word(kind: str) -> str:
    """A kind of job in the reader's language."""
    words = {
        "video_translate": _("dubbed video"),
        "audio_translate": _("dubbed audio"),
        "subtitles": _("subtitles"),
        "subtitle_translate": _("translated subtitles"),
        "video_generate": _("generated video"),
    }
    return words.get(kind, kind)


def entry_word(kind: str) -> str:
    """A line of history in the reader's language. To a user a released hold is a refund."""
    words = {
        "grant": _("granted"),
        "reserve": _("reserved"),
        "capture": _("paid"),
        "release": _("refunded"),
        "expire": _("expired"),
    }
    return words.get(kind, kind)


def _history(lines: list[dict[str, Any]]) -> Table:
    table = Table(_("Time"), _("What"), _("Change"), _("Credits"), _("Balance"), _("Reason"))
    for line in lines:
        table.add_row(
            line["created_at"][:16].replace("T", " "),
            entry_word(line["kind"]),
            f"{line['amount']:+d}" if line["amount"] else "0",
            str(line["credits"]),
            str(line["balance_after"]),
            line["reason"],
        )
    return table


def _length(lower: float, tier: dict[str, Any]) -> str:
    upper = tier["limit_seconds"]
    if upper is None:
        return _("over {from_} min", from_=f"{lower / 60:g}") if lower else _("any")
    return _("{from_} to {upto} min", from_=f"{lower / 60:g}", upto=f"{upper / 60:g}")
