"""A stage for pages: the real application files before an API that answers what a test puts there.

States that are rare or slow in life (an expired clip, two thousand videos, a server that is away) can be
looked at this way. What it answers is checked against the gateway's own models, so it cannot drift from them.
"""

import asyncio
import contextlib
import json
import re
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from octavia_common.events import JobOptions
from octavia_gateway.admin.overview_schemas import (
    AdminJobPage,
    AdminUserPage,
    DeadLetterList,
    OverviewResponse,
)
from octavia_gateway.api_keys.schemas import ApiKeyList
from octavia_gateway.capabilities.schemas import CapabilitiesResponse
from octavia_gateway.credits.schemas import BalanceResponse, PricesResponse, TransactionPage
from octavia_gateway.exports.schemas import ExportList
from octavia_gateway.files.schemas import FileResponse, TranscriptResponse
from octavia_gateway.jobs.options import OptionsResponse
from octavia_gateway.jobs.schemas import JobResponse
from octavia_gateway.sessions.schemas import SessionList
from octavia_gateway.videos.admin import AdminVideoPage
from octavia_gateway.videos.offers import ModelsResponse, StylesResponse
from octavia_gateway.videos.schemas import VideoResponse
from octavia_gateway.web import endpoints as web
from octavia_local.ports import free_port
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .editing import StagedLines
from .keeping import StagedLists

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
USER = {"id": str(uuid.UUID(int=1)), "email": "ada.nguyen@example.org", "is_admin": True, "created_at": NOW}


def checked(model: type[BaseModel], document: dict[str, Any]) -> dict[str, Any]:
    """The document as the gateway's own model writes it. Raises ValidationError."""
    return model.model_validate(document).model_dump(mode="json")


def job(status: str = "processing", **changes: Any) -> dict[str, Any]:
    """A translation in some state."""
    job_id = str(changes.pop("id", uuid.uuid4()))
    at_work = status in ("processing", "queued", "review")
    delivered = status in ("completed", "partially_completed")
    document = {
        "id": job_id,
        "kind": "video_translate",
        "status": status,
        "phase": {
            "completed": "COMPLETED",
            "partially_completed": "COMPLETED",
            "failed": "FAILED",
            "cancelled": "CANCELLED",
        }.get(status, "TRANSLATING"),
        "progress_percentage": 100 if delivered else 46.5,
        "current_step": "Translating part 8 of 14",
        "step": {
            "code": "translating" if at_work and status != "review" else status,
            "number": 8,
            "total": 14,
            "language": "",
        },
        "parts": {"es": "33322111110000", "fr": "33221111100000"},
        "file_id": str(uuid.UUID(int=7)),
        "filename": "Keynote – opening.mp4",
        "duration_seconds": 412.0,
        "source_language": "en",
        "detected_language": None,
        "options": OptionsResponse.of(JobOptions()).model_dump(),
        "target_language": "es",
        "target_languages": ["es", "fr"],
        "quote": {"credits": 50, "price_version": "v"},
        "credits_charged": 50 if delivered else None,
        "batch_id": None,
        "attempt": 1,
        "cancel_requested": False,
        "created_at": datetime.now(UTC) - timedelta(minutes=6),
        "started_at": datetime.now(UTC) - timedelta(minutes=2, seconds=14),
        "finished_at": None if at_work else datetime.now(UTC) - timedelta(seconds=20),
        "deadline_at": datetime.now(UTC) + timedelta(days=3) if at_work else None,
        "output_file": None,
        "outputs": [
            {
                "language": language,
                "size_bytes": 48_000_000,
                "media_type": "video/mp4",
                "download": f"/api/v1/jobs/{job_id}/download?language={language}",
            }
            for language in (("es",) if status == "partially_completed" else ("es", "fr"))
        ]
        if delivered
        else [],
        "failed_languages": [
            {
                "language": "fr",
                "error_code": "unsupported_language",
                "error_message": "The translator does not know French.",
            }
        ]
        if status == "partially_completed"
        else [],
        "error_code": "damaged_media" if status == "failed" else None,
        "error_message": "The file cannot be read to its end; upload an undamaged copy."
        if status == "failed"
        else None,
        **changes,
    }
    return checked(JobResponse, document)


PROMPTS = (
    "A paper boat sails down a rainy street at dusk, neon reflected in the water",
    "Phố cổ Hội An lúc bình minh, đèn lồng đung đưa trong gió nhẹ",
    "Slow dolly through an abandoned greenhouse overgrown with orchids",
    "A fox made of autumn leaves runs through a snowy forest",
)


def video(status: str = "completed", number: int = 0, **changes: Any) -> dict[str, Any]:
    """A generated video in some state."""
    video_id = str(changes.pop("id", uuid.uuid4()))
    done = status == "completed"
    path = f"/api/v1/videos/{video_id}"
    document = {
        "id": video_id,
        "batch_id": str(uuid.uuid4()),
        "status": status,
        "progress": {"completed": 100, "expired": 100, "processing": 62}.get(status, 0),
        "current_step": {"processing": "Making the video", "pending": "Waiting for its turn"}.get(
            status, "Done"
        ),
        "prompt": PROMPTS[number % len(PROMPTS)],
        "style": "cinematic",
        "task": "text_to_video",
        "image_file_id": None,
        "model": "local",
        "aspect_ratio": ("landscape", "portrait", "square")[number % 3],
        "duration_seconds": 5,
        "credits": 100,
        "credits_charged": 100 if done else None,
        "attempt": 1,
        "cancel_requested": False,
        "created_at": datetime.now(UTC) - timedelta(minutes=5 + number),
        "started_at": datetime.now(UTC) - timedelta(minutes=4 + number),
        "finished_at": None if status in ("pending", "processing") else datetime.now(UTC),
        "deadline_at": datetime.now(UTC) + timedelta(hours=1),
        "deleted_at": None,
        "clip": {
            "duration_seconds": 5.0,
            "width": 1280,
            "height": 720,
            "size_bytes": 1_200_000,
            "media_type": "video/mp4",
            "provider": "local",
            "model": "local",
        }
        if done
        else None,
        "content": f"{path}/content" if done else None,
        "thumbnail": f"{path}/thumbnail" if done else None,
        "urls": None,
        "shared": False,
        "views": 0,
        "downloads": 0,
        "error_code": "video_refused" if status == "failed" else None,
        "error_message": "The provider refused it: describe another scene." if status == "failed" else None,
        **changes,
    }
    return checked(VideoResponse, document)


def file(file_id: str, **changes: Any) -> dict[str, Any]:
    """An uploaded video."""
    document = {
        "file_id": file_id,
        "file_type": "video",
        "filename": "Keynote – opening.mp4",
        "storage_path": "x",
        "media_type": "video/mp4",
        "size_bytes": 183_400_000,
        "sha256": "0" * 64,
        "media": {
            "duration_seconds": 412.0,
            "container": "mp4",
            "video": {"codec": "h264", "width": 1920, "height": 1080, "frames_per_second": 30},
            "audio": [{"codec": "aac", "channels": 2, "sample_rate": 48000, "language": "en"}],
        },
        "created_at": NOW,
        **changes,
    }
    return checked(FileResponse, document)


CONTAINERS = {
    "tracks": ["mp4", "mkv"],
    "burnt": ["mp4", "mkv", "webm"],
    "background": [],
    "speech": ["flac", "wav", "m4a", "mp3", "ogg"],
    "audio": ["m4a", "mp3"],
}


def export(kind: str, status: str = "making", **changes: Any) -> dict[str, Any]:
    """Another file of a job."""
    done = status == "completed"
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "container": CONTAINERS[kind][0],
        "languages": ["es"],
        "subtitles": None,
        "status": status,
        "stale": False,
        "size_bytes": 48_000_000 if done else None,
        "media_type": "video/mp4" if done else None,
        "download": "/api/v1/jobs/x/exports/y/download" if done else None,
        "notes": [],
        "error_code": "export_timed_out" if status == "failed" else None,
        "error_message": "It was not exported within its time limit." if status == "failed" else None,
        "created_at": NOW,
        "finished_at": None,
        **changes,
    }


_TALK = (
    ("Good morning, and thank you all for coming.", "Buenos días, y gracias a todos por venir."),
    (
        "Today we show something we worked on for years.",
        "Hoy mostramos algo en lo que trabajamos durante años.",
    ),
    ("It begins with a simple question.", "Empieza con una pregunta sencilla."),
    ("What if every film could speak to everyone?", "¿Y si cada película pudiera hablarle a todo el mundo?"),
)


_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
_KEPT = re.compile(r"(?P<kind>glossaries|pronunciations|speakers)(?:/(?P<id>[0-9a-f-]{36}))?")
_EDITED = re.compile(
    r"jobs/[0-9a-f-]{36}/(?P<part>segments(?:/[^/]+/audio)?|undo|render|revisions|languages)"
)


@dataclass
class Stage:
    """What the API answers; a test changes it at will. `calls` are method and path of each request."""

    url: str = ""
    user: dict[str, Any] = field(default_factory=lambda: dict(USER))
    jobs: list[dict[str, Any]] = field(default_factory=list)
    videos: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    exports: list[dict[str, Any]] = field(default_factory=list)
    balance: dict[str, int] = field(default_factory=lambda: {"available": 380, "held": 50, "total": 430})
    calls: list[tuple[str, str]] = field(default_factory=list)
    failing: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    media: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    streams: int = 0
    lines_of: StagedLines | None = None
    keeps: StagedLists = field(default_factory=StagedLists)

    def app(self) -> Starlette:
        """The application files and this API."""
        return Starlette(
            routes=[
                *web.routes(),
                Route("/api/v1/{path:path}", self.answer, methods=_METHODS),
            ],
            middleware=[Middleware(_Nosniff)],
        )

    async def answer(self, request: Request) -> Response:
        """One call of the API."""
        path, method = request.path_params["path"], request.method
        self.calls.append((method, path))
        if path in self.failing:
            status = self.failing[path]
            body = {"status": status, "code": "internal", "title": "Internal error", "detail": "It broke."}
            return JSONResponse(body, status)
        if f"{method} {path}" in self.answers:
            found = self.answers[f"{method} {path}"]
            return (
                found
                if isinstance(found, Response)
                else JSONResponse(json.loads(json.dumps(found, default=str)))
            )
        if self.lines_of and (found := _EDITED.fullmatch(path)):
            return await self.lines_of.answer(request, found["part"])
        if found := _KEPT.fullmatch(path):
            return await self.keeps.answer(request, found["kind"], found["id"] or "")
        if path == "events":
            return StreamingResponse(self._events(request), media_type="text/event-stream")
        if method == "POST" and path.startswith("auth/") and path != "auth/media-cookie":
            return JSONResponse(self.session())
        if method != "GET":
            return Response(status_code=204)
        return self._read(path, request)

    def session(self) -> dict[str, Any]:
        """The answer of a log-in."""
        user = json.loads(json.dumps(self.user, default=lambda value: value.isoformat()))
        return {
            "access_token": "a",
            "refresh_token": "r",
            "expires_in": 900,
            "token_type": "bearer",
            "user": user,
        }

    def tell(self, kind: str, document: dict[str, Any]) -> None:
        """Send an event to whoever follows, or will."""
        self.told.append(f"id: {len(self.told) + 2}\nevent: {kind}\ndata: {json.dumps(document)}\n\n")

    async def _events(self, request: Request) -> AsyncIterator[str]:
        yield "id: 1\n\n"
        self.streams += 1
        sent = 0
        while not await request.is_disconnected():
            for event in self.told[sent:]:
                yield event
                sent += 1
            await asyncio.sleep(0.1)

    def _read(self, path: str, request: Request) -> Response:
        head, _, rest = path.partition("/")
        identity, _, part = rest.partition("/")
        if path in self.media:
            data, media_type = self.media[path]
            return Response(data, media_type=media_type, headers={"Accept-Ranges": "none"})
        if head == "jobs":
            return self._job(identity, part, request)
        if head == "videos" and rest not in ("models", "styles", "stats"):
            return self._video(identity, part, request)
        if head == "files":
            return (
                JSONResponse(self.files.get(identity) or file(identity))
                if not part
                else Response(status_code=404)
            )
        if head == "admin":
            return JSONResponse(self._administration(rest))
        document = FIXED.get(path)
        if path == "credits":
            return JSONResponse(checked(BalanceResponse, self.balance))
        if path == "credits/transactions":
            return JSONResponse(checked(TransactionPage, {"items": self.lines, "next_cursor": None}))
        if path == "me":
            return JSONResponse(self.session()["user"])
        return (
            JSONResponse(document)
            if document
            else JSONResponse({"code": "not_found", "title": "Not found"}, 404)
        )

    def _administration(self, what: str) -> Any:
        if what == "jobs":
            more = {"user_id": USER["id"], "email": USER["email"], "heard_at": NOW, "stuck": False}
            items = [{**one, **more, "stuck": one["status"] == "processing"} for one in self.jobs]
            return checked(AdminJobPage, {"items": items, "next_cursor": None})
        if what == "videos":
            items = [{**one, "user_id": USER["id"], "late": []} for one in self.videos]
            return checked(AdminVideoPage, {"items": items, "next_cursor": None})
        return ADMINISTRATION[what]

    def _job(self, identity: str, part: str, request: Request) -> Response:
        if not identity:
            return JSONResponse({"items": self.jobs, "next_cursor": None})
        found = next((one for one in self.jobs if one["id"] == identity), None)
        if found is None:
            return JSONResponse(
                {"code": "job_not_found", "title": "Job not found", "detail": "There is no job."}, 404
            )
        if part == "transcript":
            return JSONResponse(transcript(identity, request.query_params.get("language", "es")))
        if part == "exports":
            return JSONResponse(checked(ExportList, {"containers": CONTAINERS, "items": self.exports}))
        return JSONResponse(found) if not part else Response(status_code=404)

    def _video(self, identity: str, part: str, request: Request) -> Response:
        if not identity:
            wanted = request.query_params
            found = [
                one for one in self.videos if bool(one["deleted_at"]) == (wanted.get("deleted") == "true")
            ]
            if wanted.get("status"):
                found = [one for one in found if one["status"] in wanted.getlist("status")]
            if wanted.get("q"):
                found = [one for one in found if wanted["q"].lower() in one["prompt"].lower()]
            start, limit = int(wanted.get("cursor", "0")), int(wanted.get("limit", "20"))
            more = start + limit < len(found)
            items = found[start : start + limit]
            return JSONResponse({"items": items, "next_cursor": str(start + limit) if more else None})
        if part in ("thumbnail", "content"):
            found_media = self.media.get(part)
            return (
                Response(found_media[0], media_type=found_media[1])
                if found_media
                else Response(status_code=404)
            )
        one = next((one for one in self.videos if one["id"] == identity), None)
        return (
            JSONResponse(one) if one else JSONResponse({"code": "video_not_found", "title": "Not found"}, 404)
        )


def transcript(job_id: str, language: str) -> dict[str, Any]:
    """What is said."""
    segments = [
        {
            "id": str(place),
            "speaker": "S1",
            "start": place * 4.0,
            "end": place * 4.0 + 3,
            "text": target,
            "source_text": source,
            "flags": ["rate_stretched"] if place == 1 else [],
            "placed_start": place * 4.0,
            "placed_end": place * 4.0 + 3,
        }
        for place, (source, target) in enumerate(_TALK * 3)
    ]
    document = {
        "job_id": job_id,
        "language": language,
        "source_language": "en",
        "duration_seconds": 412.0,
        "segments": segments,
        "notes": [],
    }
    return checked(TranscriptResponse, document)


_TIERS = [
    {"limit_seconds": 300, "credits": 10},
    {"limit_seconds": 900, "credits": 25},
    {"limit_seconds": 1800, "credits": 50},
    {"limit_seconds": 3600, "inclusive": True, "credits": 100},
    {"limit_seconds": None, "credits": 150},
]
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"

FIXED: dict[str, Any] = {
    "capabilities": checked(
        CapabilitiesResponse,
        {
            "sources": [{"language": "en", "targets": ["es", "ca", "gl", "fr", "pt"]}],
            "subtitles": [{"language": "en", "targets": ["en", "es", "fr"]}],
            "subtitle_translations": [{"language": "en", "targets": ["es", "fr"]}],
            "detects_language": True,
            "model_sizes": [],
            "voices": [],
            "clones_voices": False,
            "options": [],
            "engines": [],
        },
    ),
    "credits/prices": checked(
        PricesResponse,
        {
            "version": "v",
            "kinds": {
                "video_translate": {"tiers": _TIERS},
                "audio_translate": {"tiers": _TIERS},
                "subtitles": {"percent": 50, "tiers": _TIERS},
                "subtitle_translate": {"percent": 50, "tiers": _TIERS},
                "video_generate": {"tiers": [{"limit_seconds": None, "credits": 100}]},
            },
        },
    ),
    "sessions": checked(
        SessionList,
        {
            "items": [
                {
                    "id": uuid.UUID(int=place),
                    "user_agent": agent,
                    "created_at": NOW,
                    "last_used_at": NOW,
                    "expires_at": NOW,
                    "current": not place,
                }
                for place, agent in enumerate((_AGENT, "octavia-cli python-httpx/0.28"))
            ]
        },
    ),
    "api-keys": checked(
        ApiKeyList,
        {
            "items": [
                {
                    "id": uuid.UUID(int=3),
                    "name": "render farm",
                    "hint": "octv_Zk3",
                    "created_at": NOW,
                    "last_used_at": NOW,
                }
            ]
        },
    ),
    "videos/models": checked(
        ModelsResponse,
        {
            "provider": "local",
            "models": [
                {
                    "id": "local",
                    "title": "Local drawing",
                    "tasks": ["text_to_video", "image_to_video"],
                    "durations_seconds": [5, 10],
                    "aspect_ratios": ["landscape", "portrait", "square"],
                    "prices": [
                        {"duration_seconds": 5, "credits": 100},
                        {"duration_seconds": 10, "credits": 100},
                    ],
                }
            ],
            "retired": [],
        },
    ),
    "videos/styles": checked(
        StylesResponse,
        {
            "styles": [
                {"id": "cinematic", "name": "Cinematic", "text": "x", "avoid": "y"},
                {"id": "anime", "name": "Anime", "text": "x", "avoid": "y"},
            ]
        },
    ),
}


ADMINISTRATION: dict[str, Any] = {
    "overview": checked(
        OverviewResponse,
        {
            "queues": [
                {"name": "job.pending", "waiting": 3, "oldest_seconds": 42.0, "silent_seconds": 42.0},
                {"name": "job.translating", "waiting": 7, "oldest_seconds": 420.0, "silent_seconds": 3.0},
                {"name": "video.processing", "waiting": 12, "oldest_seconds": 96.0, "silent_seconds": None},
            ],
            "providers": [
                {
                    "provider": "kie",
                    "model": "kling-2.6",
                    "succeeded": 412,
                    "failed": 9,
                    "success_rate": 0.9786,
                    "median_seconds": 88.0,
                    "last_success_at": NOW,
                    "last_error": "video_refused",
                }
            ],
            "engines": [
                {
                    "kind": "transcriber",
                    "engine": "pocketsphinx",
                    "version": "5.0.4",
                    "model": "en-us",
                    "licence": "BSD-2-Clause",
                }
            ],
        },
    ),
    "users": checked(
        AdminUserPage,
        {
            "items": [
                {
                    "id": uuid.UUID(int=place + 1),
                    "email": email,
                    "is_admin": not place,
                    "created_at": NOW,
                    "available": 380 - place * 90,
                    "held": 50 if place == 1 else 0,
                    "jobs": 12,
                    "videos": 31,
                }
                for place, email in enumerate((USER["email"], "minh@example.org", "joao@example.org"))
            ],
            "next_cursor": None,
        },
    ),
    "dead-letters": checked(
        DeadLetterList,
        {
            "items": [
                {
                    "offset": 17,
                    "at": NOW,
                    "consumer": "translator.stage",
                    "place": "chunks.transcribed/3@1204",
                    "attempts": 8,
                    "reason": "translation_pipeline_failed: the engine answered nothing",
                    "subject": str(uuid.UUID(int=9)),
                    "replayable": True,
                }
            ]
        },
    ),
}


class _Nosniff:
    """The headers that the gateway puts on every answer, as far as pages feel them."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-content-type-options", b"nosniff")]
            await send(message)

        await self.app(scope, receive, with_headers)


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """A stage that is served until the block is left."""
    stage = Stage()
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            stage.app(),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    stage.url = f"http://127.0.0.1:{port}"
    try:
        yield stage
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
