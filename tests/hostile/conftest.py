"""The gateway behind its doors, on a database of its own."""

import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import pytest_asyncio
from octavia_common.migrations import migrate
from octavia_local.platform import Platform
from octavia_local.servers import Server
from psycopg import sql

from .doors import Doors, open_doors

PLATFORM = {
    "JWT_SECRET": secrets.token_hex(32),
    "KAFKA_MOST_PARTITIONS": "2",
    "WELCOME_CREDITS": "1000",
    "RATE_LIMIT_REQUESTS": "100000000/minute",
    "RATE_LIMIT_LOGINS": "100000000/minute",
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_TIME_COST": "1",
    "TRANSCRIBER_SPLITTER": "timed",
    "TRANSCRIBER_ENGINE": "timed",
    "TRANSLATOR_ENGINE": "timed",
    "SYNTHESIZER_ENGINE": "timed",
    "ASSEMBLER_RENDERER": "timed",
    "REMOTE_UPLOADS": "false",  # made-up addresses would be asked for in earnest
}

OpenDoors = Callable[..., Awaitable[Doors]]


@pytest.fixture(scope="session")
def migrated(postgres_server: Server) -> Iterator[str]:
    """Name of a database with the gateway's tables, to make copies of."""
    name = f"doors_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(_url(postgres_server, name), "gateway", Path(str(files("octavia_gateway") / "migrations")))
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def opening(postgres_server: Server, migrated: str) -> AsyncIterator[OpenDoors]:
    """Opens a gateway with settings of the test's own; all on one fresh database."""
    async with _opening(postgres_server, migrated) as make:
        yield make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_doors(postgres_server: Server, migrated: str) -> AsyncIterator[Doors]:
    """One gateway for all tests of a module, which run on one loop."""
    async with _opening(postgres_server, migrated) as make:
        yield await make()


@asynccontextmanager
async def _opening(postgres_server: Server, migrated: str) -> AsyncIterator[OpenDoors]:
    name = f"doors_{uuid.uuid4().hex}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(migrated))
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(copy)
        async with AsyncExitStack() as stack:

            async def make(**settings: Any) -> Doors:
                return await stack.enter_async_context(open_doors(_url(postgres_server, name), **settings))

            yield make
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def doors(opening: OpenDoors) -> Doors:
    """A gateway with limits that no test reaches."""
    return await opening()


@pytest.fixture(scope="package")
def fuzzed(addresses: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole platform, with engines that take no time, on the session's servers."""
    name = f"hostile_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(addresses.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    environment = {
        **addresses.environment(),
        **PLATFORM,
        "DATABASE_URL": urlsplit(addresses.database_url)._replace(path=f"/{name}").geturl(),
        "KAFKA_PREFIX": f"{name}.",
        "S3_BUCKET": name.replace("_", "-"),
    }
    with Platform(tmp_path_factory.mktemp("hostile-logs"), environment) as platform:
        yield platform


def _url(server: Server, name: str) -> str:
    return urlsplit(server.address)._replace(path=f"/{name}").geturl()
