"""What the tables refuse, and what `octavia ledger` finds where somebody went around them."""

import asyncio
import json
from uuid import UUID, uuid4

import asyncpg
import pytest
from octavia_billing.commands import DIFFERENT, UNKNOWN, UNREACHABLE, app
from octavia_billing.domain.operations import Capture, Release
from octavia_common.database import Database
from typer.testing import CliRunner, Result

from .conftest import Bank, held

pytestmark = pytest.mark.integration


async def a_history(bank: Bank) -> UUID:
    """A captured hold of 30, a released one of 20 and an open one of 10 on a grant of 100."""
    user = await bank.fund(100)
    captured, released, still_open = held(user, 30), held(user, 20), held(user, 10)
    await bank.settle(captured, released, still_open)
    await bank.settle(
        Capture(user, captured.hold_id, captured.job_id),
        Release(user, released.hold_id, released.job_id, "failed"),
    )
    return user


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET amount = amount + 1",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "UPDATE transactions SET credits = 1 WHERE seq = 1",
        "DELETE FROM transactions",
        "DELETE FROM hold_parts; DELETE FROM holds",
        "DELETE FROM grants",
        "UPDATE holds SET state = 'captured', captured = amount WHERE state = 'released'",
        "UPDATE holds SET state = 'held', resolved_at = NULL WHERE state = 'captured'",
        "UPDATE holds SET amount = 1 WHERE state = 'held'",
        "UPDATE grants SET amount = amount + 1",
        "UPDATE accounts SET available = -1",
        "UPDATE accounts SET held = -1",
        "UPDATE grants SET remaining = -1",
        "INSERT INTO entries SELECT user_id, 1, 'revenue', 5 FROM accounts",
        "WITH line AS (INSERT INTO transactions"
        " SELECT user_id, 99, 'grant', 5, '', NULL, NULL, NULL, 5, 0, now() FROM accounts RETURNING user_id)"
        " INSERT INTO entries SELECT user_id, 99, book, 5 FROM line,"
        " (VALUES ('granted'), ('available')) AS books (book)",
        "INSERT INTO entries SELECT user_id, 99, book, amount FROM accounts,"
        " (VALUES ('granted', -5), ('available', 5)) AS sides (book, amount)",
        "INSERT INTO transactions SELECT gen_random_uuid(), 1, 'grant', 5, '', NULL, NULL, NULL, 5, 0, now()",
        "INSERT INTO holds (id, user_id, job_id, amount, state, purpose, created_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 5, 'held', '', now()",
        "INSERT INTO hold_parts SELECT gen_random_uuid(), 9, id, 5 FROM grants",
        "INSERT INTO hold_parts SELECT id, 9, gen_random_uuid(), 5 FROM holds",
        "DELETE FROM accounts",
        "UPDATE accounts SET user_id = gen_random_uuid()",
        "UPDATE grants SET id = gen_random_uuid()",
        "UPDATE holds SET id = gen_random_uuid() WHERE state = 'held'",
        "UPDATE hold_parts SET grant_id = gen_random_uuid()",
    ],
)
async def test_the_tables_refuse(bank: Bank, statement: str) -> None:
    await a_history(bank)
    with pytest.raises(
        (asyncpg.RestrictViolationError, asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)
    ):
        async with bank.database.transaction() as connection:
            await connection.execute(statement)


async def ledger(database: Database, *arguments: str) -> Result:
    """`octavia ledger …` as an operator runs it."""
    environment = {"DATABASE_URL": database.url}
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)


TAMPERING = {
    "an entry": (
        "UPDATE entries SET amount = amount + 1 WHERE seq = 1 AND book = 'available'",
        "every transaction sums to zero",
    ),
    "both entries of a line": ("UPDATE entries SET amount = amount * 2 WHERE seq = 1", "stored balances"),
    "an entry's book": ("UPDATE entries SET book = 'expired' WHERE book = 'revenue'", "every line moves"),
    "an entry removed": ("DELETE FROM entries WHERE seq = 1", "every line moves"),
    "a line's credits": ("UPDATE transactions SET credits = 101 WHERE seq = 1", "every line moves"),
    "a line's balance": ("UPDATE transactions SET balance_after = 99 WHERE seq = 1", "lines are numbered"),
    "a line removed": (
        "DELETE FROM entries WHERE seq = 6; DELETE FROM transactions WHERE seq = 6",
        "lines are numbered",
    ),
    "a balance": ("UPDATE accounts SET available = available + 7", "stored balances"),
    "what is held": ("UPDATE accounts SET held = held + 7", "stored balances"),
    "the count of lines": ("UPDATE accounts SET seq = seq + 1", "lines are numbered"),
    "a grant's rest": ("UPDATE grants SET remaining = remaining - 1", "what remains of a grant"),
    "a grant's size": ("UPDATE grants SET amount = amount + 1", "what remains of a grant"),
    "a hold resolved again": (
        "UPDATE holds SET state = 'captured', captured = amount WHERE state = 'released'",
        "every hold was reserved once",
    ),
    "a hold reopened": (
        "UPDATE holds SET state = 'held', captured = 0, resolved_at = NULL WHERE state = 'captured'",
        "every hold was reserved once",
    ),
    "a hold's parts": ("UPDATE hold_parts SET amount = amount + 1", "every hold was reserved once"),
    "a balance below zero": (
        "ALTER TABLE accounts DROP CONSTRAINT accounts_available_check; UPDATE accounts SET available = -1",
        "no balance is below zero",
    ),
    "an account removed": ("DELETE FROM accounts", "every line and hold is of an account"),
    "a part of nothing": ("UPDATE hold_parts SET grant_id = gen_random_uuid()", "every line and hold"),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_verify_finds_tampering(database: Database, what: str) -> None:
    await a_history(Bank(database))
    statement, broken = TAMPERING[what]
    sound = await ledger(database, "verify")
    assert sound.exit_code == 0, sound.output
    tables = ("entries", "transactions", "holds", "hold_parts", "grants", "accounts")
    guards_off = ";".join(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in tables)
    async with database.transaction() as connection:
        await connection.execute(f"{guards_off};{statement}")
    found = await ledger(database, "verify", "--json")
    assert found.exit_code == DIFFERENT, found.output
    report = json.loads(found.stdout)
    assert report["sound"] is False
    wrong = [name for name, count in report["counts"].items() if count]
    assert any(name.startswith(broken) for name in wrong), report
    assert all(difference["subject"] and difference["wrong"] for difference in report["differences"])
    spoken = await ledger(database, "verify")
    assert spoken.exit_code == DIFFERENT
    assert "WRONG" in spoken.stdout


async def test_verify_says_what_it_added_up(bank: Bank) -> None:
    await a_history(bank)
    result = await ledger(bank.database, "verify", "--json")
    assert json.loads(result.stdout)["totals"] == {
        "available": 60,
        "held": 10,
        "granted": -100,
        "revenue": 30,
        "expired": 0,
        "accounts": 1,
        "lines": 6,
        "open_holds": 1,
    }


async def test_show(bank: Bank) -> None:
    user = await a_history(bank)
    shown = await ledger(bank.database, "show", str(user))
    assert shown.exit_code == 0
    assert "60 credits available, 10 held, 6 lines" in shown.stdout
    found = json.loads((await ledger(bank.database, "show", str(user), "--limit", "2", "--json")).stdout)
    assert [line["kind"] for line in found["history"]] == ["release", "capture"]
    assert [grant["remaining"] for grant in found["grants"]] == [60]
    assert (await ledger(bank.database, "show", str(uuid4()))).exit_code == UNKNOWN


async def test_no_database_is_said_in_one_line(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(self: Database) -> None:
        raise ConnectionRefusedError("connection refused")

    monkeypatch.setattr(Database, "open", away)
    result = await ledger(bank.database, "verify")
    assert result.exit_code == UNREACHABLE
    assert "check DATABASE_URL" in result.stderr
