"""The stores that the suite runs against: the fake, and two servers that speak S3."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from octavia_common.artifacts import ArtifactStore, S3ArtifactStore, S3Client
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_local.ports import free_port
from octavia_local.servers.s3 import S3Server
from octavia_local.servers.second_s3 import SecondS3Server

SERVERS = {"s3proxy": S3Server, "moto": SecondS3Server}


@pytest.fixture(scope="session")
def s3_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, S3Server | SecondS3Server]]:
    """Servers of this run, started when a test first asks for one."""
    running: dict[str, S3Server | SecondS3Server] = {}
    for name, kind in SERVERS.items():
        server = kind(tmp_path_factory.mktemp(name), free_port())
        server.start()
        running[name] = server
    yield running
    for server in running.values():
        server.stop()


def client_of(server: S3Server | SecondS3Server, bucket: str) -> S3Client:
    return S3Client(server.address, server.access_key, server.secret_key, bucket)


@pytest.fixture(params=["s3proxy", "moto"])
async def s3_client(
    request: pytest.FixtureRequest, s3_servers: dict[str, S3Server | SecondS3Server]
) -> AsyncIterator[S3Client]:
    """A client of a bucket of its own."""
    client = client_of(s3_servers[request.param], f"test-{uuid4().hex}")
    await S3ArtifactStore(client).ensure_bucket()
    yield client
    await client.close()


@pytest.fixture(params=["fake", "s3proxy", "moto"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ArtifactStore]:
    """An empty store of each kind."""
    if request.param == "fake":
        yield FakeArtifactStore()
        return
    servers = request.getfixturevalue("s3_servers")
    real = S3ArtifactStore(client_of(servers[request.param], f"test-{uuid4().hex}"))
    await real.ensure_bucket()
    yield real
    await real.close()
