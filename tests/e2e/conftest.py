"""Whole platforms for end-to-end tests: every service as a process, on real servers.

`platform` is the real thing, offline engines and all, shared by the tests of a session. `paced` has
engines that take a moment and make deterministic output, so that a fault can be put into the middle
of a job; media work stays real. It brings its own servers, for tests that kill them.
"""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_local.ports import free_port
from octavia_local.servers import KafkaServer, PostgresServer, S3Server, start_together

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


@dataclass
class Servers:
    """The three servers of one platform."""

    kafka: KafkaServer
    postgres: PostgresServer
    s3: S3Server

    def environment(self) -> dict[str, str]:
        """Where they are, for the services."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "DATABASE_URL": self.postgres.address,
            "S3_ENDPOINT": self.s3.address,
            "S3_ACCESS_KEY": self.s3.access_key,
            "S3_SECRET_KEY": self.s3.secret_key,
        }


@pytest.fixture(scope="session")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that tests may kill, and start again before they end."""
    with tempfile.TemporaryDirectory(prefix="octavia-e2e-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        servers = Servers(
            KafkaServer(directory / "kafka", free_port(), free_port(), quick=True),
            PostgresServer(directory / "postgres", free_port()),
            S3Server(directory / "s3", free_port()),
        )
        start_together([servers.kafka, servers.postgres, servers.s3])
        yield servers
        for server in (servers.kafka, servers.postgres, servers.s3):
            server.stop()


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


@pytest.fixture(scope="session")
def platform(addresses: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The real platform with its offline engines, on the session's servers."""
    logs = tmp_path_factory.mktemp("platform-logs")
    with Platform(logs, own_environment(addresses), workers={"transcriber": 2}) as running:
        yield running


@pytest.fixture(scope="session")
def paced(own_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform whose engines take half a second a chunk, with servers of its own."""
    environment = {**own_servers.environment(), **COMMON, **PACED}
    with Platform(tmp_path_factory.mktemp("paced-logs"), environment) as running:
        yield running


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


async def eventually(check: Any, *, timeout: float = 30.0) -> Any:
    """The first true answer of `check()`, asked again and again."""
    async with asyncio.timeout(timeout):
        while True:
            answer = await check()
            if answer:
                return answer
            await asyncio.sleep(0.1)
