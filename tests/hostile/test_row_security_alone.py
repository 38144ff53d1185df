"""Row level security by itself: with the application's checks off, no foreign row is seen or changed."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from octavia_gateway.database import bind

from .doors import Doors
from .routes import ask, furnished, operations
from .test_matrix import _shown, schema_of
from .unchecked import Unchecked, switch_off_checks, without_owner

pytestmark = pytest.mark.integration

WITHOUT_OWNER = {
    *(
        "outbox",
        "inbox",
        "idempotency",
        "price_list",
        "video_catalogue",
        "engines",
        "rate_limits",
        "login_tries",
    ),
    "video_callbacks",
}
"""Tables whose rows belong to no user. All but what is on offer are closed to users' transactions."""

OPEN_TO_ALL = {"price_list", "video_catalogue", "engines"}
ABOUT_USERS = {"admin_grants"}
"""Kept for auditors about users: closed to them altogether."""


def test_the_hook_takes_out_the_predicate_and_nothing_else() -> None:
    assert without_owner("SELECT 1 FROM jobs WHERE job_id = $1 AND user_id = $2") == (
        "SELECT 1 FROM jobs WHERE job_id = $1 AND ($2::uuid IS NOT NULL)"
    )
    assert without_owner("UPDATE files f SET x = 1 WHERE f.user_id = $12::uuid") == (
        "UPDATE files f SET x = 1 WHERE ($12::uuid IS NOT NULL)"
    )
    assert without_owner("INSERT INTO x (user_id) VALUES ($1)") == "INSERT INTO x (user_id) VALUES ($1)"


async def test_over_http_nothing_of_another_comes_to_light(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, other = await doors.member(), await doors.member()
    schema = await schema_of(doors)
    things = await furnished(doors, owner, schema)
    switch_off_checks(monkeypatch, bypass_row_security=False)
    wrong = []
    for operation in operations(schema):
        if operation.public or operation.administrative:
            continue
        caller = await doors.member() if operation.ends_the_caller else other
        status, text = await ask(doors, operation, schema, things, caller.headers)
        expected = {404} if operation.names_an_object else {200, 201, 202, 204, 422}
        if status not in expected or _shown(text, things.marks(owner)):
            wrong.append((str(operation), status, text[:200]))
    assert Unchecked.removed > 15, "the application's checks were not off"
    assert not wrong


async def test_without_row_security_the_same_requests_do_find_them(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the test above does not find is there to be found, on each route about an object."""
    other = await doors.member()
    schema = await schema_of(doors)
    unchanged = await furnished(doors, await doors.member(), schema)
    prepared = []
    for operation in operations(schema):
        if operation.names_an_object and not operation.public and not operation.administrative:
            fresh = await furnished(doors, await doors.member(), schema) if operation.changes else unchanged
            prepared.append((operation, fresh))
    switch_off_checks(monkeypatch, bypass_row_security=True)
    still_checked = []
    for operation, things in prepared:
        status, text = await ask(doors, operation, schema, things, other.headers)
        if status in (401, 403, 404):
            still_checked.append((str(operation), status, text[:200]))
    assert prepared
    assert not still_checked


async def test_no_statement_of_a_user_touches_a_foreign_row_of_any_table(doors: Doors) -> None:
    owner, other = (await doors.member()).user_id, (await doors.member()).user_id
    tables = await _tables(doors)
    assert tables.keys() >= WITHOUT_OWNER
    readable = 0
    for table, columns in tables.items():
        if table in WITHOUT_OWNER:
            continue
        assert "user_id" in columns, f"{table}: whose are its rows? (WITHOUT_OWNER lists those of nobody)"
        async with doors.database.transaction() as connection:
            for user_id in (owner, other):
                await plant(connection, table, user_id)
            before = await _rows_of(connection, table, owner)
            assert before
            await bind(connection, other)
            seen = await _attempt(connection, f"SELECT user_id FROM {table}")
            assert seen is None or {row["user_id"] for row in seen} == {other}, table
            if table in ABOUT_USERS:
                assert seen is None, table
            readable += seen is not None
            for column in columns:
                await _attempt(connection, f"UPDATE {table} SET {column} = {column}")
            await _attempt(connection, f"UPDATE {table} SET user_id = '{other}' WHERE user_id = '{owner}'")
            await _attempt(connection, f"UPDATE {table} SET user_id = '{owner}'")
            await _attempt(connection, f"DELETE FROM {table}")
            await _attempt(connection, f"TRUNCATE {table} CASCADE")
            await connection.execute("SELECT set_config('role', 'none', true)")
            assert await _rows_of(connection, table, owner) == before, table
    assert readable >= 10


async def test_what_belongs_to_nobody_is_closed_to_users(doors: Doors) -> None:
    other = (await doors.member()).user_id
    for table in WITHOUT_OWNER - OPEN_TO_ALL:
        async with doors.database.transaction() as connection:
            await bind(connection, other)
            for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}"):
                assert await _attempt(connection, statement) is None, statement
    for table in OPEN_TO_ALL:
        async with doors.database.transaction() as connection:
            await bind(connection, other)
            assert await _attempt(connection, f"SELECT * FROM {table}") is not None
            assert await _attempt(connection, f"DELETE FROM {table}") is None


async def _tables(doors: Doors) -> dict[str, list[str]]:
    async with doors.database.transaction() as connection:
        rows = await connection.fetch(
            """
            SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'gateway'::regnamespace AND c.relkind IN ('r', 'p')
              AND c.relname !~ '^_?yoyo'
            GROUP BY c.relname ORDER BY c.relname
            """
        )
    return {row["name"]: row["columns"] for row in rows}


async def _rows_of(connection: Any, table: str, user_id: UUID) -> list[str]:
    """The rows of a user, in text, to be compared."""
    rows = await connection.fetch(
        f"SELECT {table}::text AS row FROM {table} WHERE user_id = $1 ORDER BY 1", user_id
    )
    return [row["row"] for row in rows]


async def _attempt(connection: Any, statement: str) -> list[Any] | None:
    """What a statement answers; None where it is not allowed."""
    try:
        async with connection.transaction():
            return list(await connection.fetch(statement))
    except asyncpg.InsufficientPrivilegeError:
        return None
    except asyncpg.IntegrityConstraintViolationError:
        return []


async def plant(connection: Any, table: str, user_id: UUID) -> None:
    """Put a row of the user into any table, made from the catalogue; constraints are not asked."""
    if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE user_id = $1)", user_id):
        return
    columns = await connection.fetch(
        """
        SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, t.typcategory::text AS category,
               pg_get_constraintdef(k.oid) AS allowed
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_constraint k
            ON k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
        WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attnotnull AND NOT a.atthasdef
        """,
        f"gateway.{table}",
    )
    values = {column["name"]: _value(column) for column in columns} | {"user_id": f"'{user_id}'::uuid"}
    # Rows that others refer to need not be there: only who may see and change them is asked here.
    await connection.execute("SET LOCAL session_replication_role = replica")
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    )
    await connection.execute("SET LOCAL session_replication_role = origin")


def _value(column: Any) -> str:
    allowed = column["allowed"] or ""
    if "ARRAY['" in allowed:  # CHECK (x = ANY (ARRAY['video'::text, …]))
        return allowed.partition("ARRAY['")[2].partition("'")[0].join("''")
    if "[0-9a-f]{64}" in allowed:
        return f"'{'0' * 64}'"
    match column["type"], column["category"]:
        case "uuid", _:
            return f"'{uuid4()}'"
        case "bytea", _:
            return f"'\\x{uuid4().hex}'"
        case (("json" | "jsonb"), _):
            return "'{}'"
        case _, "N":
            return "1"
        case _, "B":
            return "true"
        case _, "D":
            return "now()"
        case _, "S":
            return f"'{uuid4().hex}'"
        case _, "A":
            return "'{}'"
    raise AssertionError(f"no value for {column['name']} of type {column['type']}")
