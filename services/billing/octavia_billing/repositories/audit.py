"""Reading the ledger as a whole: rebuilding what it stores from what was posted, and showing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from uuid import UUID

from octavia_billing.domain.lines import Book
from octavia_billing.repositories import Connection

MOST_SHOWN = 50
"""Differences of one kind that are listed; more are only counted."""

AUDIT_SECONDS = 3600.0
"""Longest time of one check: it reads the whole history."""


@dataclass(frozen=True)
class Check:
    """One promise of the ledger; `query` finds what breaks it, as columns `subject` and `wrong`."""

    name: str
    query: str


def load_checks() -> tuple[Check, ...]:
    """The checks of the folder beside this module; the first line of each names its promise."""
    folder = files("octavia_billing.repositories").joinpath("checks")
    texts = [path.read_text() for path in sorted(folder.iterdir(), key=lambda path: path.name)]
    return tuple(Check(text.partition("\n")[0].removeprefix("-- "), text) for text in texts)


@dataclass(frozen=True)
class Difference:
    """Something that breaks a promise: which, about what, and how."""

    check: str
    subject: str
    wrong: str


class AuditRepository:
    """Only reads. Use it in one REPEATABLE READ transaction, so that all checks see the same moment."""

    async def differences(self, connection: Connection, check: Check) -> tuple[int, list[Difference]]:
        """How many differences there are, and the first of them."""
        # The query is one of this package's own files.
        query = f"SELECT *, count(*) OVER () AS total FROM ({check.query}) AS found LIMIT {MOST_SHOWN}"  # noqa: S608
        rows = await connection.fetch(query, timeout=AUDIT_SECONDS)
        found = [Difference(check.name, row["subject"], row["wrong"]) for row in rows]
        return (rows[0]["total"] if rows else 0), found

    async def totals(self, connection: Connection) -> Mapping[str, int]:
        """Credits in each book, and the number of accounts, lines and open holds."""
        books = await connection.fetch(
            "SELECT book, sum(amount)::bigint AS sum FROM entries GROUP BY book", timeout=AUDIT_SECONDS
        )
        sums = {row["book"]: row["sum"] for row in books}
        counts = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM transactions) AS lines,
                   (SELECT count(*) FROM holds WHERE state = 'held') AS open_holds
            """
        )
        assert counts is not None
        return {**{book.value: sums.get(book, 0) for book in Book}, **dict(counts)}

    async def account(self, connection: Connection, user_id: UUID) -> Mapping[str, Any] | None:
        """A user's balance, or None where they have no account."""
        row = await connection.fetchrow(
            "SELECT user_id, available, held, seq AS lines, opened_at FROM accounts WHERE user_id = $1",
            user_id,
        )
        return dict(row) if row else None

    async def grants(self, connection: Connection, user_id: UUID) -> Sequence[Mapping[str, Any]]:
        """The user's live grants in the order in which they are spent."""
        rows = await connection.fetch(
            """
            SELECT id, source, priority, amount, remaining, expires_at, reason FROM grants
            WHERE user_id = $1 AND live ORDER BY priority, expires_at NULLS LAST, age
            """,
            user_id,
        )
        return [dict(row) for row in rows]

    async def history(self, connection: Connection, user_id: UUID, limit: int) -> Sequence[Mapping[str, Any]]:
        """The user's last lines, newest first."""
        rows = await connection.fetch(
            """
            SELECT seq, posted_at, kind, credits, balance_after, held_after, reason, job_id FROM transactions
            WHERE user_id = $1 ORDER BY seq DESC LIMIT $2
            """,
            user_id,
            limit,
        )
        return [dict(row) for row in rows]
