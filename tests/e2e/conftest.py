"""Whole platforms for end-to-end tests: every service as a process, on real servers.

`platform` is the real thing, offline engines and all, shared by the tests of a session. `paced` has
engines that take a moment and make deterministic output, so that a fault can be put into the middle
of a job; media work stays real. It brings its own servers, for tests that kill them.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from octavia_local.api import Api
from octavia_local.own_servers import OwnServers, own_servers
from octavia_local.platform import Platform

from .filming import Film, filming

ADMIN = "admin@example.org"

COMMON = {
    "LOG_LEVEL": "INFO",
    "JWT_SECRET": secrets.token_hex(32),
    "ADMIN_EMAILS": ADMIN,
    "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
    "KAFKA_MOST_PARTITIONS": "6",
    "RETRY_FIRST_DELAY_SECONDS": "0.3",
    "RETRY_MAX_DELAY_SECONDS": "3",
    "WELCOME_CREDITS": "100",
    "RATE_LIMIT_REQUESTS": "100000/minute",
    "RATE_LIMIT_LOGINS": "100000/minute",
}

PACED = {
    "TRANSCRIBER_ENGINE": "timed",
    "TRANSLATOR_ENGINE": "timed",
    "SYNTHESIZER_ENGINE": "timed",
    "TIMED_ENGINE_SECONDS": "0.5",
    "CHUNK_WINDOW": "4",
}


@pytest.fixture(scope="package")
def breakable() -> Iterator[OwnServers]:
    """Servers that tests may kill, and start again before they end."""
    with own_servers("e2e", quick=True) as made:
        yield made


def own_environment(addresses: Any) -> dict[str, str]:
    """A database, topics and a bucket that no other platform on the session's servers uses."""
    name = f"e2e_{secrets.token_hex(6)}"
    with psycopg.connect(addresses.database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return {
        **addresses.environment(),
        **COMMON,
        "DATABASE_URL": addresses.database_url.rsplit("/", 1)[0] + f"/{name}",
        "KAFKA_PREFIX": f"{name}.",
        "S3_BUCKET": name.replace("_", "-"),
    }


@pytest.fixture(scope="package")
def platform(addresses: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The real platform with its offline engines, on the session's servers."""
    logs = tmp_path_factory.mktemp("platform-logs")
    with Platform(logs, own_environment(addresses), workers={"transcriber": 2}) as running:
        yield running


@pytest.fixture(scope="package")
def paced(breakable: OwnServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform whose engines take half a second a chunk, with servers of its own."""
    environment = {**breakable.environment(), **COMMON, **PACED}
    with Platform(tmp_path_factory.mktemp("paced-logs"), environment) as running:
        yield running


@pytest.fixture(scope="package")
def film(addresses: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Film]:
    """A platform that has its videos made by the provider simulator, on the session's servers."""
    with filming(tmp_path_factory.mktemp("film-logs"), own_environment(addresses)) as film:
        yield film


@pytest.fixture
async def api(platform: Platform) -> AsyncIterator[Api]:
    """A new user of the real platform."""
    async with Api(platform.url) as user:
        yield await user.register()


@pytest.fixture
async def paced_api(paced: Platform) -> AsyncIterator[Api]:
    """A new user of the paced platform."""
    async with Api(paced.url) as user:
        yield await user.register()


async def eventually(check: Any, *, timeout: float = 90.0) -> Any:
    """The first true answer of `check()`, asked again and again."""
    async with asyncio.timeout(timeout):
        while True:
            answer = await check()
            if answer:
                return answer
            await asyncio.sleep(0.1)
