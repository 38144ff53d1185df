"""Pytest fixtures: real servers, started once a session, and a fresh room in them for every test.

A server comes from the environment where its address is given (KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL,
S3_ENDPOINT), else from Docker where an engine answers (see `octavia_local.containers`), else as a process of
this machine. A test that kills servers should start its own, with `server_directory` and
`octavia_local.servers`.
"""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import psycopg
import pytest
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from psycopg import sql

from octavia_local import containers
from octavia_local.ports import free_port
from octavia_local.servers import (
    ExternalKafka,
    ExternalPostgres,
    ExternalS3,
    KafkaServer,
    ObjectStore,
    PostgresServer,
    S3Server,
    SecondS3Server,
    Server,
)

_Server = TypeVar("_Server", bound=Server)


def pytest_configure() -> None:
    """Few partitions a topic: every test makes topics of its own, and each partition is files and memory."""
    os.environ.setdefault("KAFKA_MOST_PARTITIONS", "4")


@dataclass(frozen=True)
class Addresses:
    """What a service needs to find the test session's servers."""

    kafka_bootstrap_servers: str
    database_url: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str

    def environment(self) -> dict[str, str]:
        """The same as environment variables."""
        return {key.upper(): value for key, value in vars(self).items()}


def _make_directory() -> Path:
    # Not pytest's tmp_path: its parents are closed to all others, and PostgreSQL runs as another user than
    # root.
    directory = Path(tempfile.mkdtemp(prefix="octavia-test-"))
    directory.chmod(0o755)
    return directory


@pytest.fixture
def server_directory() -> Iterator[Path]:
    """A directory for the data of servers that one test starts by itself; removed after it."""
    directory = _make_directory()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def _session_directory() -> Iterator[Path]:
    directory = _make_directory()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def _serve(server: _Server) -> Iterator[_Server]:
    server.start()
    yield server
    server.stop()
    if isinstance(server, containers.ContainerServer):
        server.remove()


@pytest.fixture(scope="session")
def kafka_server(_session_directory: Path) -> Iterator[Server]:
    """Kafka for the whole session; make topics below `topic_prefix`."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    server: Server
    if given:
        server = ExternalKafka(given)
    elif containers.wanted():
        server = containers.KafkaContainer()
    else:
        server = KafkaServer(_session_directory / "kafka", free_port(), free_port(), quick=True)
    yield from _serve(server)


@pytest.fixture(scope="session")
def postgres_server(_session_directory: Path) -> Iterator[Server]:
    """PostgreSQL for the whole session; `database_url` gives each test a database of its own."""
    given = os.environ.get("DATABASE_URL")
    server: Server
    if given:
        server = ExternalPostgres(given)
    elif containers.wanted():
        server = containers.PostgresContainer()
    else:
        server = PostgresServer(_session_directory / "postgres", free_port())
    yield from _serve(server)


@pytest.fixture(scope="session")
def s3_server(_session_directory: Path) -> Iterator[ObjectStore]:
    """An object store for the whole session; `bucket` gives each test a bucket of its own."""
    given = os.environ.get("S3_ENDPOINT")
    server: ObjectStore
    if given:
        server = ExternalS3(given)
    elif containers.wanted():
        server = containers.S3Container()
    else:
        server = S3Server(_session_directory / "s3", free_port())
    yield from _serve(server)


@pytest.fixture(scope="session")
def second_s3_server(_session_directory: Path) -> Iterator[ObjectStore]:
    """Another maker's object store, for the tests of storage code; it forgets everything when it ends."""
    yield from _serve(SecondS3Server(_session_directory / "second-s3", free_port()))


@pytest.fixture(scope="session")
def addresses(kafka_server: Server, postgres_server: Server, s3_server: ObjectStore) -> Addresses:
    """All three servers' addresses, as services want them."""
    return Addresses(
        kafka_bootstrap_servers=kafka_server.address,
        database_url=postgres_server.address,
        s3_endpoint=s3_server.address,
        s3_access_key=s3_server.access_key,
        s3_secret_key=s3_server.secret_key,
    )


@pytest.fixture
def database_url(postgres_server: Server) -> Iterator[str]:
    """URL of an empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template1").format(sql.Identifier(name)))
    yield urlsplit(postgres_server.address)._replace(path=f"/{name}").geturl()
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def topic_prefix() -> str:
    """A string no other test puts before its topics and groups."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest.fixture
def bucket(s3_server: ObjectStore) -> Iterator[str]:
    """Name of an empty bucket, removed after the test."""
    yield from _bucket_on(s3_server)


@pytest.fixture
def second_bucket(second_s3_server: ObjectStore) -> Iterator[str]:
    """Name of an empty bucket on the second store, removed after the test."""
    yield from _bucket_on(second_s3_server)


def _bucket_on(store: ObjectStore) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex}"
    client = store.client()
    client.make_bucket(name)
    yield name
    objects = client.list_objects(name, recursive=True)
    leftovers = [DeleteObject(each.object_name) for each in objects if each.object_name]
    failed = list(client.remove_objects(name, leftovers))
    assert not failed, f"objects that cannot be removed: {failed}"
    with contextlib.suppress(
        S3Error
    ):  # uploads that a test left unfinished keep a bucket alive on some servers
        client.remove_bucket(name)
