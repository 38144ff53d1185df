"""A gateway for attackers: the real application and server on a real database, with an owner's things in it.

The other services are absent: what they would have told is written into the tables.
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from octavia_common.artifacts import upload_key
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.artifacts.keys import sha256_of
from octavia_common.database import Database
from octavia_common.documents import (
    DubResult,
    Loudness,
    PlacedSegment,
    QualityReport,
    QualityTotals,
    Subtitles,
)
from octavia_common.events import (
    AspectRatio,
    EnginePublished,
    EntryKind,
    LedgerPosted,
    Output,
    VideoModel,
    VideoModelsPublished,
    VideoSpec,
    VideoTask,
    Voice,
    hold_id_of,
)
from octavia_common.outbox.outbox import Outbox
from octavia_common.pricing import KindPrice, PriceList, PriceTier
from octavia_gateway.app import build_app
from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.auth.tokens import AccessTokens
from octavia_gateway.capabilities.repository import EnginesRepository
from octavia_gateway.composition import Gateway, compose
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.files.models import AudioSummary, FileMedia, FileRecord, FileType, VideoSummary
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.main import server_config
from octavia_gateway.settings import GatewaySettings
from octavia_gateway.videos.catalogue_repository import CatalogueRepository
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.repository import VideosRepository
from octavia_gateway.videos.run import Clip, VideoRun
from octavia_gateway.videos.states import VideoStatus

SEGMENT = "0000-01"
PASSWORD = "correct horse battery"
SECRET = "a secret of thirty-two characters"
ADMIN = "admin@example.org"

PRICES = PriceList(
    version="v1",
    kinds={
        "video_translate": KindPrice(tiers=(PriceTier(limit_seconds=None, credits=10),)),
        "subtitles": KindPrice(percent=50, tiers=(PriceTier(limit_seconds=None, credits=10),)),
        "subtitle_translate": KindPrice(percent=50, tiers=(PriceTier(limit_seconds=None, credits=10),)),
        "video_generate": KindPrice(tiers=(PriceTier(limit_seconds=None, credits=100),)),
    },
)
CATALOGUE = VideoModelsPublished(
    version="1",
    provider="test",
    models=(
        VideoModel(
            id="fast",
            title="Fast",
            tasks=(VideoTask.TEXT_TO_VIDEO,),
            durations_seconds=(5,),
            aspect_ratios=(AspectRatio.LANDSCAPE,),
        ),
    ),
)
ENGINES = (
    EnginePublished(kind="transcriber", engine="test", version="1", languages=("en",)),
    EnginePublished(
        kind="translator",
        engine="test",
        version="1",
        pairs={"en": ("es", "fr", "pt", "ca", "gl")},
        honours=("glossary", "style", "formality"),
    ),
    EnginePublished(
        kind="synthesizer",
        engine="test",
        version="1",
        voices=(Voice(id="any", title="Any"),),
        honours=("voices",),
    ),
)


REPORT = QualityReport(
    language="es",
    totals=QualityTotals(
        lines=0,
        onset_p50_ms=None,
        onset_p95_ms=None,
        rate_in_bounds=None,
        overlap_seconds=0.0,
        drift_ms=None,
        source_lufs=None,
        output_lufs=None,
        true_peak_dbtp=None,
        subtitle_rules_kept=None,
        repaired=None,
        flagged=None,
    ),
    lines=(),
)


@dataclass(frozen=True)
class Member:
    """A signed-in user."""

    user_id: UUID
    email: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


@dataclass(frozen=True)
class Things:
    """What one user owns, by the name of the parameter that names it; `filename` is of all files.

    `others` are objects of routes that these tests do not know by name (see routes.furnished).
    """

    file_id: UUID
    upload_id: UUID
    pending_job: UUID
    job_id: UUID
    key_id: UUID
    session_id: UUID
    video_id: UUID
    token: str
    filename: str
    segment_id: str = SEGMENT
    others: dict[str, str] = field(default_factory=dict)

    def marks(self, owner: Member) -> list[str]:
        """What must be in no answer to anybody else."""
        ids = (self.file_id, self.upload_id, self.pending_job, self.job_id, self.key_id, self.video_id)
        ids += (owner.user_id,)
        return [*map(str, ids), *self.others.values(), owner.email, self.filename]


class Doors:
    """The gateway, and users with things."""

    def __init__(self, gateway: Gateway, database: Database, store: FakeArtifactStore, url: str) -> None:
        self.gateway = gateway
        self.database = database
        self.store = store
        self.url = url
        self._administrator: Member | None = None
        self.client = httpx.AsyncClient(base_url=url, timeout=20)

    @property
    def app(self) -> Any:
        return build_app(self.gateway.resources)

    async def member(self, email: str | None = None) -> Member:
        """A new user with 100 credits, signed in."""
        user_id, email = uuid4(), email or f"{uuid4().hex[:12]}@example.org"
        hashed = await self.gateway.passwords.hash(PASSWORD)
        grant = LedgerPosted(
            user_id=user_id,
            entry_id=uuid4(),
            seq=1,
            kind=EntryKind.GRANT,
            amount=100,
            credits=100,
            balance_after=100,
            held_after=0,
            reason="welcome",
            posted_at=datetime.now(UTC),
        )
        async with self.database.transaction() as connection:
            made = await AuthRepository().add_account(
                connection, user_id=user_id, email=email, password_hash=hashed
            )
            assert made is not None, "the address has an account already"
            await CreditsRepository().add_lines(connection, [grant])
        tokens = (
            await self.client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        ).json()
        return Member(user_id, email, tokens["access_token"], tokens["refresh_token"])

    async def administrator(self) -> Member:
        """The administrator."""
        if self._administrator is None:
            self._administrator = await self.member(ADMIN)
        return self._administrator

    async def furnish(self, member: Member, filename: str | None = None) -> Things:
        """Give a user one of everything: a file, an upload under way, two jobs (one done), a key."""
        filename = filename or f"film-{uuid4().hex}.mp4"
        file = await self.add_file(member, filename)
        pending = await self._create_job(member, file)
        done = await self._create_job(member, file)
        await self._complete(member, done)
        key = await self.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=member.headers)
        begun = await self.client.post(
            "/api/v1/uploads",
            headers={**member.headers, "Tus-Resumable": "1.0.0", "Upload-Length": "1000"},
        )
        assert begun.status_code == 201, begun.text
        again = await self.client.post(
            "/api/v1/auth/login", json={"email": member.email, "password": PASSWORD}
        )
        tokens = AccessTokens(SECRET, lifetime=timedelta(hours=1))
        upload_id = begun.headers["location"].rsplit("/", 1)[-1]
        return Things(
            file_id=file.file_id,
            upload_id=UUID(upload_id),
            pending_job=pending,
            job_id=done,
            key_id=UUID(key.json()["id"]),
            session_id=tokens.read(again.json()["access_token"]).session_id,
            video_id=await self._add_video(member, filename),
            token=secrets.token_urlsafe(32),
            filename=filename,
        )

    async def add_file(self, member: Member, filename: str) -> FileRecord:
        """A video, as its upload would have left it."""
        data = uuid4().bytes
        record = FileRecord(
            file_id=uuid4(),
            user_id=member.user_id,
            file_type=FileType.VIDEO,
            filename=filename,
            media_type="video/mp4",
            size_bytes=len(data),
            sha256=sha256_of(data),
            media=FileMedia(
                duration_seconds=40.0,
                container="mp4",
                video=VideoSummary(codec="h264", width=64, height=48),
                audio=(AudioSummary(codec="aac", channels=2, sample_rate=48000),),
            ),
            created_at=datetime.now(UTC),
        )
        await self.store.write(upload_key(member.user_id, record.file_id), data, "video/mp4")
        async with self.database.transaction() as connection:
            await FilesRepository().add(connection, record)
        return record

    async def _add_video(self, member: Member, prompt: str) -> UUID:
        prefix, now, video_id = f"users/{member.user_id}/artifacts", datetime.now(UTC), uuid4()
        clip = Clip(
            video=await self.store.write(f"{prefix}/videogen/{uuid4().hex}", b"0123456789", "video/mp4"),
            poster=await self.store.write(f"{prefix}/videogen/{uuid4().hex}", b"RIFF", "image/webp"),
            provider="test",
            model="fast",
            duration_seconds=5.0,
            width=64,
            height=48,
        )
        spec = VideoSpec(prompt=prompt, aspect_ratio=AspectRatio.LANDSCAPE, duration_seconds=5, model="fast")
        video = Video(
            video_id=video_id,
            user_id=member.user_id,
            batch_id=uuid4(),
            prompt=prompt,
            style=None,
            task=VideoTask.TEXT_TO_VIDEO,
            file_id=None,
            spec=spec,
            quote_credits=100,
            price_version=PRICES.version,
            created_at=now,
            attempt=1,
            hold_id=hold_id_of(video_id, 1),
            submitted_at=now,
            deadline_at=now,
        )
        run = VideoRun(status=VideoStatus.COMPLETED, clip=clip, charged=100, started_at=now, finished_at=now)
        async with self.database.transaction() as connection:
            await VideosRepository().add(connection, [video])
            await VideosRepository().save(connection, [replace(video, run=run)])
        return video_id

    async def _create_job(self, member: Member, file: FileRecord) -> UUID:
        answer = await self.client.post(
            "/api/v1/jobs/video-translate/create",
            json={"file_id": str(file.file_id), "source_language": "en", "target_language": "es"},
            headers=member.headers,
        )
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def _complete(self, member: Member, job_id: UUID) -> None:
        prefix = f"users/{member.user_id}/artifacts"
        media = await self.store.write(f"{prefix}/assembled/{uuid4().hex}", b"0123456789", "video/mp4")
        srt = await self.store.write(f"{prefix}/srt/{uuid4().hex}", b"1\n", "application/x-subrip")
        vtt = await self.store.write(f"{prefix}/vtt/{uuid4().hex}", b"WEBVTT\n", "text/vtt")
        voice = await self.store.write(f"{prefix}/speech/{uuid4().hex}", b"fLaC", "audio/flac")
        report = await self.store.write_document(f"{prefix}/report/{uuid4().hex}", REPORT)
        document = DubResult(
            report=report,
            source_language="en",
            target_language="es",
            duration_seconds=40.0,
            media=media,
            speech_only=voice,
            segments=(
                PlacedSegment(
                    id=SEGMENT,
                    speaker="S1",
                    start=1.0,
                    end=2.0,
                    slot_end=3.0,
                    source_text="Hello.",
                    text="Hola.",
                    audio=voice,
                    duration=1.0,
                    rate=1.0,
                    placed_start=1.0,
                    placed_end=2.0,
                ),
            ),
            subtitles=(Subtitles(language="es", srt=srt, vtt=vtt),),
            loudness=Loudness(source_lufs=None, output_lufs=None, output_true_peak_dbtp=None),
        )
        result = await self.store.write_document(f"{prefix}/result/{uuid4().hex}", document)
        jobs, now = JobsRepository(), datetime.now(UTC)
        async with self.database.transaction() as connection:
            job = await jobs.get(connection, member.user_id, job_id)
            job = job.submitted(at=now, deadline_at=now)
            run = replace(
                job.run,
                status=JobStatus.COMPLETED,
                outputs={"es": Output(target_language="es", media=media, result=result)},
                charged=10,
                started_at=now,
                finished_at=now,
            )
            await jobs.save(connection, [replace(job, run=run)])


@contextlib.asynccontextmanager
async def open_doors(database_url: str, **settings: Any) -> AsyncIterator[Doors]:
    """Serve the gateway on a database that has its tables."""
    given = GatewaySettings(
        **{
            "database_url": database_url,
            "jwt_secret": SECRET,
            "admin_emails": ADMIN,
            "argon2_memory_kib": 64,
            "argon2_time_cost": 1,
            "rate_limit_requests": "100000000/minute",
            "rate_limit_logins": "100000000/minute",
            **settings,
        }
    )
    database = Database(database_url, schema="gateway", pool_size=8)
    await database.open()
    store = FakeArtifactStore()
    gateway = compose(given, database, Outbox("gateway", "gateway"), store)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(given, build_app(gateway.resources)))
    running = [asyncio.create_task(run()) for run in (gateway.hub.run, gateway.streams.run)]
    serving = asyncio.create_task(server.serve([listener]))
    doors = Doors(gateway, database, store, f"http://127.0.0.1:{listener.getsockname()[1]}")
    try:
        async with asyncio.timeout(20):
            await gateway.hub.connected.wait()
            while not server.started:
                await asyncio.sleep(0.01)
        async with database.transaction() as connection:
            await CreditsRepository().put_prices(connection, PRICES, published_at=datetime.now(UTC))
            await CatalogueRepository().put(connection, CATALOGUE, published_at=datetime.now(UTC))
            for engine in ENGINES:
                await EnginesRepository().put(connection, engine, published_at=datetime.now(UTC))
        yield doors
    finally:
        await doors.client.aclose()
        gateway.streams.end_all()
        server.should_exit = True
        for task in running:
            task.cancel()
        await asyncio.gather(serving, *running, return_exceptions=True)
        gateway.close()
        await database.close()
