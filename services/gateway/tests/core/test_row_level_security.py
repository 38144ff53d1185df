"""Row level security by itself: raw SQL as the tenant role, without one check of the application."""

from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import psycopg
import pytest
from octavia_common.migrations import migrate
from octavia_gateway.database import TENANT_ROLE, bind

from .conftest import MIGRATIONS
from .events import JobEvents
from .filming import CATALOGUE, film
from .world import ENGINES, World

pytestmark = pytest.mark.integration

NOT_OF_USERS = {
    "outbox",
    "inbox",
    "idempotency",
    "price_list",
    "video_catalogue",
    "engines",
    "admin_grants",
    "rate_limits",
    "login_tries",
    "video_callbacks",
}
"""Tables without rows of one user; those but what is on offer are closed to tenants altogether."""


async def two_users_with_everything(world: World) -> tuple[UUID, UUID]:
    """Two users with a row in every table that has rows of users."""
    members = []
    await world.tell(CATALOGUE)
    for _ in range(2):
        member = await world.register(credits_=200)
        _, video = await film(world, member)
        await world.tell(video.released(), video.generated())
        created = await world.create_job(member)
        made = JobEvents(await world.submit(member, created["id"]), chunks=1)
        await world.tell(made.planned(), made.transcribed(0, "es"))
        await world.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=member.headers)
        members.append(member.user_id)
    async with world.database.transaction() as connection:
        for user_id in members:
            await connection.execute("INSERT INTO account_deletions (user_id) VALUES ($1)", user_id)
            upload_id = uuid4()
            await connection.execute(
                "INSERT INTO uploads (upload_id, user_id, resumable, file_type, filename, part_size, "
                "expires_at) VALUES ($1, $2, true, 'video', 'x', 1, now())",
                upload_id,
                user_id,
            )
            await connection.execute(
                "INSERT INTO upload_parts (upload_id, user_id, number, etag) VALUES ($1, $2, 1, 'x')",
                upload_id,
                user_id,
            )
            await connection.execute(
                "INSERT INTO remote_uploads (upload_id, user_id, url, shown_url, file_type) "
                "VALUES ($1, $2, 'x', 'x', 'video')",
                upload_id,
                user_id,
            )
            for statement in _ABOUT_JOBS:
                await connection.execute(statement, uuid4(), user_id)
    return members[0], members[1]


_ABOUT_JOBS = (
    "INSERT INTO term_lists (list_id, user_id, kind, name, always, terms, created_at, updated_at) "
    "VALUES ($1, $2, 'glossary', 'x', true, '[]', now(), now())",
    "WITH one AS (SELECT $1::uuid) "
    "INSERT INTO remembered_speakers (user_id, name_key, name, voice, updated_at) "
    "SELECT $2, 'x', 'x', 'x', now() FROM one",
    "INSERT INTO edited_languages (job_id, user_id, language, base) VALUES ($1, $2, 'es', '{}')",
    "INSERT INTO held_chunks (hold_id, user_id, job_id, chunk_index, language, document) "
    "VALUES ($1, $2, $1, 0, '', '{}')",
    "INSERT INTO revisions (job_id, user_id, language, revision) VALUES ($1, $2, 'es', 1)",
    "INSERT INTO renders (hold_id, user_id, job_id, language, revision, deadline_at) "
    "VALUES ($1, $2, $1, 'es', 1, now())",
    "INSERT INTO exports "
    "(export_id, job_id, user_id, digest, kind, container, languages, results, deadline_at) "
    "SELECT $1, job_id, $2, 'x', 'tracks', 'mkv', '{}', '{}', now() FROM jobs WHERE user_id = $2 LIMIT 1",
    "WITH hook AS (INSERT INTO webhooks (webhook_id, user_id, url, kinds, secret) "
    "VALUES ($1, $2, 'x', '{}', 'x') RETURNING *) "
    "INSERT INTO webhook_deliveries (delivery_id, webhook_id, user_id, kind, body) "
    "SELECT webhook_id, webhook_id, user_id, 'x', '{}' FROM hook",
)


async def tables_of_users(world: World) -> list[str]:
    async with world.database.transaction() as connection:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class "
            "WHERE relnamespace = 'gateway'::regnamespace AND relkind IN ('r', 'p')"
        )
    names = {row["relname"] for row in rows}
    assert names >= NOT_OF_USERS
    return sorted(name for name in names - NOT_OF_USERS if not name.startswith(("_yoyo", "yoyo")))


async def test_every_table_with_rows_of_users_is_protected_and_forced(world: World) -> None:
    tables = await tables_of_users(world)
    assert {"users", "sessions", "jobs", "videos", "files", "job_events", "balances"} <= set(tables)
    async with world.database.transaction() as connection:
        for table in tables:
            flags = await connection.fetchrow(
                "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass",
                f"gateway.{table}",
            )
            assert tuple(flags) == (True, True), table
        role = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = $1", TENANT_ROLE
        )
        owned = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = $1", TENANT_ROLE
        )
    assert tuple(role) == (False, False, False)
    assert owned == 0


async def test_a_tenant_reads_its_own_rows_and_no_others(world: World) -> None:
    first, second = await two_users_with_everything(world)
    readable = 0
    for table in await tables_of_users(world):
        async with world.database.transaction() as connection:
            owners = {row["user_id"] for row in await connection.fetch(f"SELECT user_id FROM {table}")}
            assert owners == {first, second}, table
            await bind(connection, first)
            try:
                async with connection.transaction():
                    seen = {row["user_id"] for row in await connection.fetch(f"SELECT user_id FROM {table}")}
            except asyncpg.InsufficientPrivilegeError:
                continue
            assert seen == {first}, table
            readable += 1
    assert readable >= 10


async def test_a_tenant_changes_no_foreign_row(world: World) -> None:
    first, second = await two_users_with_everything(world)
    async with world.database.transaction() as connection:
        await bind(connection, first)
        assert (
            await connection.execute("UPDATE jobs SET status = 'failed' WHERE user_id <> $1", first)
            == "UPDATE 0"
        )
        assert await connection.execute("DELETE FROM api_keys WHERE user_id = $1", second) == "DELETE 0"
        assert await connection.execute("DELETE FROM files WHERE user_id = $1", second) == "DELETE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute("UPDATE jobs SET user_id = $1 WHERE user_id = $2", second, first)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(
                    "INSERT INTO api_keys (key_id, user_id, name, hint, key_hash) "
                    "VALUES ($1, $2, 'x', 'x', 'x')",
                    uuid4(),
                    second,
                )


@pytest.mark.parametrize(
    "table",
    [
        "refresh_tokens",
        "late_videos",
        "outbox",
        "inbox",
        "idempotency",
        "admin_grants",
        "rate_limits",
        "login_tries",
        "video_callbacks",
    ],
)
async def test_what_is_no_users_business_is_closed(world: World, table: str) -> None:
    member = await world.register()
    async with world.database.transaction() as connection:
        await bind(connection, member.user_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")


async def test_without_a_user_bound_a_tenant_sees_nothing(world: World) -> None:
    await two_users_with_everything(world)
    async with world.database.transaction() as connection:
        await connection.execute("SELECT set_config('role', $1, true)", TENANT_ROLE)
        assert await connection.fetch("SELECT * FROM jobs") == []


async def test_the_binding_ends_with_the_transaction(world: World) -> None:
    member = await world.register()
    async with world.database.pool.acquire() as connection:
        async with connection.transaction():
            await bind(connection, member.user_id)
        assert await connection.fetchval("SELECT current_user") != TENANT_ROLE
        assert not await connection.fetchval("SELECT current_setting('app.user_id', true)")


async def test_the_service_works_where_the_owner_is_no_superuser(database_url: str) -> None:
    """As in production: the owner is bound by the forced policies too, and must still see every row."""
    owner = f"owner_{uuid4().hex[:8]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"CREATE ROLE {owner} LOGIN NOSUPERUSER CREATEROLE PASSWORD 'secret'")
        connection.execute(f"GRANT CREATE ON DATABASE {name} TO {owner}")
        connection.execute(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{TENANT_ROLE}') THEN "
            f"GRANT {TENANT_ROLE} TO {owner}; END IF; END $$"
        )
    url = _as(database_url, owner)
    try:
        migrate(url, "gateway", Path(MIGRATIONS))
        world = World(url)
        replica = await world.add_replica()
        await world.publish_prices()
        await world.tell(*ENGINES)
        member = await world.register()
        job = await world.create_job(member)
        await world.submit(member, job["id"])
        assert (await world.job(member, job["id"]))["status"] == "processing"
        await replica.stop()
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS gateway CASCADE")
            connection.execute(f"DROP OWNED BY {owner}")
            connection.execute(f"DROP ROLE {owner}")


def _as(url: str, role: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}:secret@{parts.netloc.rsplit('@', 1)[-1]}").geturl()
