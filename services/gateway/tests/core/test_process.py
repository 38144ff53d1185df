"""The gateway as a process, between real Kafka, PostgreSQL and S3."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from octavia_common.commands.topics import apply_topics
from octavia_common.events import (
    CreditsRejected,
    EntryKind,
    JobError,
    JobSubmitted,
    LedgerPosted,
    PricesPublished,
    UserRegistered,
)
from octavia_common.messaging.broker import make_broker, subscribe
from octavia_common.messaging.codec import decode
from octavia_common.messaging.publisher import EventPublisher
from octavia_common.settings import ServiceSettings
from octavia_common.topics import JOBS_SUBMITTED, USERS_REGISTERED
from octavia_local.ports import free_port
from octavia_local.testing import Addresses

from .world import ENGINES, PASSWORD, PRICES

pytestmark = pytest.mark.integration

Start = Callable[[], Awaitable["Process"]]


class Process:
    """A running gateway and a client of it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)

    async def ready(self) -> None:
        async with asyncio.timeout(60):
            while True:
                assert self.process.poll() is None, "the gateway ended"
                try:
                    if (await self.client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)


@pytest.fixture
def environment(addresses: Addresses, gateway_url: str, bucket: str, topic_prefix: str) -> dict[str, str]:
    return {
        **addresses.environment(),
        "DATABASE_URL": gateway_url,
        "S3_BUCKET": bucket,
        "KAFKA_PREFIX": topic_prefix,
        "JWT_SECRET": "a secret of thirty-two characters",
        "ARGON2_MEMORY_KIB": "64",
        "ARGON2_TIME_COST": "1",
    }


@pytest.fixture
async def start(environment: dict[str, str]) -> AsyncIterator[Start]:
    started: list[Process] = []

    async def begin() -> Process:
        port = free_port()
        process = Process(_spawn({**os.environ, **environment, "GATEWAY_PORT": str(port)}), port)
        started.append(process)
        return process

    yield begin
    for process in started:
        await process.client.aclose()
        if process.process.poll() is None:
            process.process.kill()
            process.process.wait()


@pytest.fixture
async def others(environment: dict[str, str]) -> AsyncIterator["Others"]:
    """The other services' side of Kafka."""
    settings = ServiceSettings(**{key.lower(): value for key, value in environment.items()})
    await apply_topics(settings)
    broker = make_broker(settings, "others")
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(body: Any) -> None:
        await heard.put(decode(body.body).data)

    for topic in (USERS_REGISTERED, JOBS_SUBMITTED):
        name = f"{settings.kafka_prefix}{topic.name}"
        subscribe(broker, settings, topics=[name], group=f"{settings.kafka_prefix}others", handler=hear)
    await broker.start()
    yield Others(EventPublisher(broker, service="others", prefix=settings.kafka_prefix), heard)
    await broker.stop()


class Others:
    """Publishes as the other services, and hears what the gateway publishes."""

    def __init__(self, publisher: EventPublisher, heard: "asyncio.Queue[Any]") -> None:
        self.publisher = publisher
        self.heard = heard

    async def next(self, kind: type[Any]) -> Any:
        async with asyncio.timeout(30):
            while not isinstance(event := await self.heard.get(), kind):
                pass
        return event


async def test_from_registration_to_a_refused_job_and_a_clean_end(start: Start, others: Others) -> None:
    gateway = await start()
    await gateway.ready()
    await others.publisher.publish([PricesPublished(prices=PRICES), *ENGINES])

    asking = asyncio.create_task(
        gateway.client.post("/api/v1/auth/register", json={"email": "a@example.org", "password": PASSWORD})
    )
    user_id: UUID = (await others.next(UserRegistered)).user_id
    await others.publisher.publish([_grant(user_id, 100)])
    tokens = (await asking).json()
    client, headers = gateway.client, {"Authorization": f"Bearer {tokens['access_token']}"}
    async with asyncio.timeout(20):
        while (await client.get("/api/v1/credits", headers=headers)).json()["available"] != 100:
            await asyncio.sleep(0.05)
        for told in ("/api/v1/credits/prices", "/api/v1/capabilities"):
            while (await client.get(told, headers=headers)).status_code != 200:
                await asyncio.sleep(0.05)

    upload = await client.post(
        "/api/v1/upload", files={"file": ("clip.mp4", _clip(), "video/mp4")}, headers=headers
    )
    assert upload.status_code == 201, upload.text
    body = {"file_id": upload.json()["file_id"], "source_language": "en", "target_language": "es"}
    job = (await client.post("/api/v1/jobs/video-translate/create", json=body, headers=headers)).json()
    assert job["quote"]["credits"] == 10

    async with client.stream("GET", f"/api/v1/jobs/{job['id']}/events", headers=headers) as stream:
        processing = asyncio.create_task(client.post(f"/api/v1/jobs/{job['id']}/process", headers=headers))
        submitted: JobSubmitted = await others.next(JobSubmitted)
        error = JobError(code="insufficient_credits", message="Not enough credits.", stage="billing")
        await others.publisher.publish(
            [CreditsRejected(job=submitted.job, required=10, available=0, error=error)]
        )
        assert (await processing).status_code == 402
        text = (await stream.aread()).decode()
    assert "event: job.failed" in text

    async with client.stream("GET", "/api/v1/events", headers=headers) as stream:
        assert await gateway.stop() == 0
        await stream.aread()


async def test_a_taken_port_and_a_missing_secret_are_told_in_one_line(gateway_url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": gateway_url, "JWT_SECRET": ""}
    assert await _last_words(environment) == (
        1,
        "JWT_SECRET is not set. Give every replica the same random text of at least 32 characters.",
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment |= {"JWT_SECRET": "a secret of thirty-two characters", "GATEWAY_PORT": str(port)}
        assert await _last_words(environment) == (
            1,
            f"Cannot listen on port {port} of 127.0.0.1 (Address already in use). "
            "Choose another by GATEWAY_PORT.",
        )


async def _last_words(environment: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "octavia_gateway.main", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    return process.returncode or 0, errors.decode().strip()


def _spawn(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "octavia_gateway.main"], env=environment)


def _grant(user_id: UUID, amount: int) -> LedgerPosted:
    return LedgerPosted(
        user_id=user_id,
        entry_id=uuid4(),
        seq=1,
        kind=EntryKind.GRANT,
        amount=amount,
        credits=amount,
        balance_after=amount,
        held_after=0,
        reason="welcome",
        posted_at=datetime.now(UTC),
    )


def _clip() -> bytes:
    """A second of moving picture with a tone."""
    inputs = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=10", "-f", "lavfi", "-i", "sine", "-t", "1"]
    output = ["-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "-"]
    return subprocess.run(["ffmpeg", "-v", "error", *inputs, *output], check=True, capture_output=True).stdout
