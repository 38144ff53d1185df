"""A database and a bucket of the gateway's own, and replicas over them."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from octavia_common.migrations import migrate
from octavia_local.servers import ObjectStore, Server
from psycopg import sql

from . import media
from .helpers import Replica, Room, client_for

REPLICA = Path(__file__).with_name("replica.py")


@pytest.fixture(scope="package")
def room(
    postgres_server: Server, s3_server: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    name = f"files_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = urlsplit(postgres_server.address)._replace(path=f"/{name}").geturl()
    migrate(url, "gateway", Path(str(files("octavia_gateway").joinpath("migrations"))))
    bucket = f"files-{uuid.uuid4().hex}"
    s3_server.client().make_bucket(bucket)
    yield Room(url, bucket, s3_server, tmp_path_factory.mktemp("replicas"))
    with psycopg.connect(postgres_server.address, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="package")
def start_replica(room: Room) -> Iterator[Callable[..., Replica]]:
    """Starts replicas with the settings given; all are ended with the run."""
    started: list[Replica] = []

    def start(**settings: Any) -> Replica:
        # Every replica takes what is to be fetched, and one that may not fetch from here would refuse it.
        settings.setdefault("remote_uploads", "remote_upload_networks" in settings)
        process = subprocess.Popen(
            [sys.executable, str(REPLICA)],
            env=room.environment(**settings),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the replica did not start"
        replica = Replica(process, f"http://127.0.0.1:{port}")
        started.append(replica)
        return replica

    yield start
    for replica in started:
        if replica.process.poll() is None:
            replica.process.terminate()
    for replica in started:
        try:
            replica.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            replica.kill()


@pytest.fixture(scope="package")
def replica(start_replica: Callable[..., Replica]) -> Replica:
    """A replica that tests share; they differ by their users."""
    return start_replica()


@pytest.fixture(scope="package")
def other_replica(start_replica: Callable[..., Replica]) -> Replica:
    """A second one over the same database and bucket."""
    return start_replica()


@pytest.fixture
def user_id() -> uuid.UUID:
    """A user that nobody else is."""
    return uuid.uuid4()


@pytest.fixture
def client(replica: Replica, user_id: uuid.UUID) -> Iterator[httpx.Client]:
    """The user's HTTP client of the shared replica."""
    with client_for(replica, user_id) as client:
        yield client


@pytest.fixture
def other_client(other_replica: Replica, user_id: uuid.UUID) -> Iterator[httpx.Client]:
    """The same user's client of the second replica."""
    with client_for(other_replica, user_id) as client:
        yield client


@pytest.fixture
def stranger(replica: Replica) -> Iterator[httpx.Client]:
    """Another user's client."""
    with client_for(replica, uuid.uuid4()) as client:
        yield client


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary MP4 of a few seconds."""
    return media.video(tmp_path_factory.mktemp("media") / "talk.mp4")


@pytest.fixture(scope="session")
def large_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MP4 of 21 to 40 MB: several parts, more than is probed whole; its index is at the end."""
    return media.large_video(tmp_path_factory.mktemp("media") / "large.mp4")
