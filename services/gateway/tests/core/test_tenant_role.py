"""The gateway's tables can be made by a role of the database that is no superuser, as on a managed server."""

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from octavia_common.migrations import migrate
from octavia_gateway.database import TENANT_ROLE
from octavia_local.servers import Server
from psycopg import sql

from .conftest import MIGRATIONS

pytestmark = pytest.mark.integration


@pytest.fixture(params=["NOCREATEROLE", "CREATEROLE"])
def owner_url(
    request: pytest.FixtureRequest, postgres_server: Server, migrated_database: str
) -> Iterator[str]:
    """An empty database and its owner; who makes no roles was let into the tenant's by an administrator."""
    name = f"owner_{uuid.uuid4().hex}"
    owner, tenant = sql.Identifier(name), sql.Identifier(TENANT_ROLE)
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER {} PASSWORD 'owner'").format(
                owner, sql.SQL(request.param)
            )
        )
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(owner, owner))
        if request.param == "NOCREATEROLE":
            connection.execute(sql.SQL("GRANT {} TO {}").format(tenant, owner))
        address = urlsplit(postgres_server.address)
        yield address._replace(
            netloc=f"{name}:owner@{address.netloc.rpartition('@')[2]}", path=f"/{name}"
        ).geturl()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(owner))
        connection.execute(sql.SQL("DROP ROLE {}").format(owner))


def test_an_owner_that_is_no_superuser_makes_the_tables_and_becomes_the_tenant(owner_url: str) -> None:
    migrate(owner_url, "gateway", MIGRATIONS)
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", (TENANT_ROLE,))
        connection.execute("SET search_path TO gateway")
        assert connection.execute("SELECT count(*) FROM files").fetchone() == (0,)
