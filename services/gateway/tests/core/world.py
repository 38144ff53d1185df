"""A gateway on real PostgreSQL, with the other services played by the test.

Several replicas share the database, each with its own pool, hub and HTTP server. Events are handed to
the projection as its consumers would do it: in one transaction, seen before or not.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.database import Database
from octavia_common.events import (
    CloudEvent,
    EnginePublished,
    EntryKind,
    EventData,
    JobRef,
    LedgerPosted,
    PricesPublished,
    VideoModelsPublished,
    Voice,
)
from octavia_common.messaging.codec import decode
from octavia_common.outbox.outbox import Outbox
from octavia_common.pricing import KindPrice, PriceList, PriceTier
from octavia_gateway.app import build_app
from octavia_gateway.capabilities.repository import EnginesRepository
from octavia_gateway.composition import Gateway, compose
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.events.log import EventLog
from octavia_gateway.files.models import AudioSummary, FileMedia, FileRecord, FileType, VideoSummary
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.projection.credits import LedgerProjection, PricesProjection
from octavia_gateway.projection.engines import EnginesProjection
from octavia_gateway.projection.jobs import JobProjection
from octavia_gateway.projection.work import WorkProjection
from octavia_gateway.settings import GatewaySettings
from octavia_gateway.videos.catalogue_repository import CatalogueRepository
from octavia_gateway.videos.projection import CatalogueProjection, VideoProjection
from octavia_gateway.videos.repository import VideosRepository

PASSWORD = "correct horse battery"

PRICES = PriceList(
    version="v1",
    kinds={
        "video_translate": KindPrice(
            tiers=(PriceTier(limit_seconds=300, credits=10), PriceTier(limit_seconds=None, credits=150))
        ),
        "video_generate": KindPrice(
            tiers=(
                PriceTier(limit_seconds=5, inclusive=True, credits=100),
                PriceTier(limit_seconds=None, credits=150),
            )
        ),
    },
)

ENGINES = (
    EnginePublished(kind="transcriber", engine="pocketsphinx", version="5", languages=("en",)),
    EnginePublished(
        kind="translator",
        engine="apertium",
        version="3.8",
        pairs={"en": ("es", "ca", "gl", "fr", "pt"), "es": ("en",)},
    ),
    EnginePublished(
        kind="synthesizer",
        engine="espeak",
        version="1.51",
        languages=("en", "es", "ca", "gl", "fr", "pt", "ja"),
        voices=(Voice(id="female-2", title="Female 2"), Voice(id="ines", title="Inés", language="es")),
        honours=("voices",),
    ),
)
"""What is told where the offline engines run."""


@dataclass
class Replica:
    """One replica: its parts, and an HTTP client of its server."""

    gateway: Gateway
    database: Database
    client: httpx.AsyncClient
    url: str
    server: uvicorn.Server
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def stop(self) -> None:
        """Stop serving, streams and all."""
        self.gateway.streams.end_all()
        self.server.should_exit = True
        await self.client.aclose()
        for task in self.tasks[1:]:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.gateway.close()
        await self.database.close()


@dataclass
class Member:
    """A registered user."""

    user_id: UUID
    email: str
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


class World:
    """Everything a test needs."""

    def __init__(self, database_url: str, **settings: Any) -> None:
        defaults: dict[str, Any] = {
            "database_url": database_url,
            "jwt_secret": "a secret of thirty-two characters",
            "admin_emails": "admin@example.org",
            "argon2_memory_kib": 64,
            "argon2_time_cost": 1,
            "rate_limit_logins": "1000/minute",
        }
        self.settings = GatewaySettings(**{**defaults, **settings})
        self.store = FakeArtifactStore()
        self.replicas: list[Replica] = []
        self.seqs: dict[UUID, int] = {}
        self.published: list[EventData] = []
        log = EventLog()
        videos = VideosRepository()
        self.work_projection = WorkProjection(JobProjection(JobsRepository()), VideoProjection(videos), log)
        self.catalogue_projection = CatalogueProjection(CatalogueRepository())
        self.engines_projection = EnginesProjection(EnginesRepository())
        self.ledger_projection = LedgerProjection(CreditsRepository(), log)
        self.prices_projection = PricesProjection(CreditsRepository())

    async def add_replica(self, *, send_buffer: int | None = None) -> Replica:
        """Start another replica; `send_buffer` bytes fit into the kernel for each connection."""
        database = Database(self.settings.database_url.get_secret_value(), schema="gateway", pool_size=5)
        await database.open()
        gateway = compose(self.settings, database, Outbox("gateway", "gateway"), self.store)
        listener = socket.create_server(("127.0.0.1", 0))
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(
                build_app(gateway.resources), lifespan="off", log_level="warning", http="httptools"
            )
        )
        replica = Replica(gateway, database, httpx.AsyncClient(base_url=url, timeout=10), url, server)
        replica.tasks = [asyncio.create_task(server.serve([listener]))]
        replica.tasks += [asyncio.create_task(run()) for run in (gateway.hub.run, gateway.streams.run)]
        await asyncio.wait_for(gateway.hub.connected.wait(), 10)
        while not server.started:
            await asyncio.sleep(0.01)
        self.replicas.append(replica)
        return replica

    @property
    def client(self) -> httpx.AsyncClient:
        return self.replicas[0].client

    @property
    def database(self) -> Database:
        return self.replicas[0].database

    # What other services say

    async def tell(self, *events: EventData) -> None:
        """Project events, one batch for each kind of projection."""
        wrapped = [CloudEvent[type(event)].wrap(event, service="test") for event in events]  # type: ignore[misc]
        await self.project(wrapped)

    async def project(self, events: Sequence[CloudEvent[Any]]) -> None:
        """Hand events to the projections, as the consumers do."""
        for kind, projection in (
            (LedgerPosted, self.ledger_projection),
            (PricesPublished, self.prices_projection),
            (VideoModelsPublished, self.catalogue_projection),
            (EnginePublished, self.engines_projection),
            (EventData, self.work_projection),
        ):
            batch = [event for event in events if _goes_to(event.data) is kind]
            if batch:
                async with self.database.transaction() as connection:
                    await projection.handle(connection, batch)  # type: ignore[attr-defined]

    def line(self, user_id: UUID, kind: EntryKind, amount: int, *, after: int, held: int = 0) -> LedgerPosted:
        """The next line of a user's history."""
        self.seqs[user_id] = self.seqs.get(user_id, 0) + 1
        return LedgerPosted(
            user_id=user_id,
            entry_id=uuid4(),
            seq=self.seqs[user_id],
            kind=kind,
            amount=amount,
            credits=abs(amount),
            balance_after=after,
            held_after=held,
            reason="test",
            posted_at=datetime.now(UTC),
        )

    async def outbox(self) -> list[EventData]:
        """Take what the gateway wants published."""
        async with self.database.transaction() as connection:
            rows = await connection.fetch("DELETE FROM outbox RETURNING id, body")
        return [decode(bytes(row["body"])).data for row in sorted(rows, key=lambda row: row["id"])]

    async def next_published(self, kind: type[EventData]) -> Any:
        """Wait for the gateway to publish an event of a kind."""
        async with asyncio.timeout(10):
            while True:
                self.published += await self.outbox()
                for event in self.published:
                    if isinstance(event, kind):
                        self.published.remove(event)
                        return event
                await asyncio.sleep(0.005)

    # Users and jobs

    async def register(self, email: str | None = None, credits_: int = 100) -> Member:
        """A new user with some credits."""
        email = email or f"{uuid4().hex[:12]}@example.org"
        asking = asyncio.create_task(
            self.client.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
        )
        registered = await self._registration()
        await self.tell(self.line(registered, EntryKind.GRANT, credits_, after=credits_))
        response = await asking
        assert response.status_code == 201, response.text
        tokens = response.json()
        return Member(UUID(tokens["user"]["id"]), email, tokens)

    async def _registration(self) -> UUID:
        from octavia_common.events import UserRegistered

        return (await self.next_published(UserRegistered)).user_id

    async def publish_prices(self, prices: PriceList = PRICES) -> None:
        await self.tell(PricesPublished(prices=prices))

    async def add_file(self, member: Member, **changes: Any) -> FileRecord:
        """A file of the user, as the upload would have made it."""
        values: dict[str, Any] = {
            "file_id": uuid4(),
            "user_id": member.user_id,
            "file_type": FileType.VIDEO,
            "filename": "talk.mp4",
            "media_type": "video/mp4",
            "size_bytes": 9,
            "sha256": "1" * 64,
            "media": FileMedia(
                duration_seconds=40.0,
                container="mp4",
                video=VideoSummary(codec="h264", width=64, height=48),
                audio=(AudioSummary(codec="aac", channels=2, sample_rate=48000),),
            ),
            "created_at": datetime.now(UTC),
        }
        record = FileRecord(**{**values, **changes})
        async with self.database.transaction() as connection:
            await FilesRepository().add(connection, record)
        return record

    async def create_job(self, member: Member, **changes: Any) -> dict[str, Any]:
        """A pending job over a new file."""
        file = await self.add_file(member)
        body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es", **changes}
        response = await self.client.post(
            "/api/v1/jobs/video-translate/create", json=body, headers=member.headers
        )
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def job(self, member: Member, job_id: str) -> dict[str, Any]:
        response = await self.client.get(f"/api/v1/jobs/{job_id}", headers=member.headers)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def submit(self, member: Member, job_id: str) -> JobRef:
        """Press the button, and have the credits reserved."""
        from octavia_common.events import CreditsReserved, JobSubmitted

        asking = asyncio.create_task(
            self.client.post(f"/api/v1/jobs/{job_id}/process", headers=member.headers)
        )
        submitted: JobSubmitted = await self.next_published(JobSubmitted)
        await self.tell(
            CreditsReserved(job=submitted.job, spec=submitted.spec, amount=submitted.quote.credits)
        )
        response = await asking
        assert response.status_code == 202, response.text
        return submitted.job

    # Streams

    @contextlib.asynccontextmanager
    async def follow(
        self, member: Member, path: str, *, last_event_id: str | None = None, replica: Replica | None = None
    ) -> AsyncIterator["Follower"]:
        """An open event stream."""
        headers = {**member.headers, **({"Last-Event-ID": last_event_id} if last_event_id else {})}
        client = (replica or self.replicas[0]).client
        async with client.stream("GET", path, headers=headers) as response:
            yield Follower(response)


class Follower:
    """Reads server-sent events as a browser does."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id: str | None = None
        self._lines = response.aiter_lines()

    async def next(self, seconds: float = 5) -> tuple[str, dict[str, Any]] | None:
        """The next event and its data; None at the end of the stream."""
        kind, data = "message", ""
        async with asyncio.timeout(seconds):
            async for line in self._lines:
                if line.startswith("id: "):
                    self.last_id = line[4:]
                elif line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    data += line[6:]
                elif not line and data:
                    return kind, json.loads(data)
        return None

    async def rest(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything up to the end of the stream."""
        events = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events


def _goes_to(event: EventData) -> type[EventData]:
    return type(event) if isinstance(event, _ALONE) else EventData


_ALONE = (LedgerPosted, PricesPublished, VideoModelsPublished, EnginePublished)
