"""The gateway's HTTP interface over dictionaries. A test says how it misbehaves."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .miniature_videos import MiniatureVideos

STEPS = [
    ("queued", "PENDING", 0.0, "Waiting for its turn"),
    ("processing", "TRANSCRIBING", 20.0, "Listening to part 1 of 2"),
    ("processing", "TRANSLATING", 45.5, "Translating part 1 of 2"),
    ("processing", "ASSEMBLING", 90.0, "Putting it together"),
    ("completed", "COMPLETED", 100.0, "Done"),
]


CAPABILITIES = {
    "sources": [{"language": "en", "targets": ["es", "fr"]}],
    "detects_language": True,
    "model_sizes": [],
    "voices": [
        {"id": "ana", "title": "Ana", "language": "es"},
        {"id": "any", "title": "Any", "language": None},
    ],
    "clones_voices": False,
    "options": ["voices"],
    "engines": [
        {
            "kind": "synthesizer",
            "engine": "coqui",
            "version": "1",
            "model": "es/css10",
            "licence": "bsd-3-clause",
        }
    ],
}


@dataclass
class Upload:
    """A tus upload."""

    length: int
    name: str
    data: bytearray = field(default_factory=bytearray)


WISHES = ("options", "model_size", "subtitle_file_id")


@dataclass
class Miniature:
    """Its state, what it was asked (`calls`), and its faults."""

    address: str
    calls: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    access: set[str] = field(default_factory=set)
    refresh: set[str] = field(default_factory=set)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    """Names of files whose jobs of a batch fail."""
    steps: list[tuple[str, str, float, str]] = field(default_factory=lambda: list(STEPS))
    balance: int = 100
    result: bytes = b"a dubbed video" * 50_000
    media_type: str = "video/mp4"
    error: str | None = None
    notes: list[str] = field(default_factory=list)
    videos: MiniatureVideos = field(default_factory=MiniatureVideos)

    passing: int = 0
    """So many answers are 503 first."""
    break_stream_after: int | None = None
    """Cut the connection after so many events of a stream."""
    no_stream: bool = False
    """Streams answer 502, as some proxies do."""
    break_download_at: int | None = None
    """Cut the first download after so many bytes."""
    damage: bool = False
    """Send other bytes than the entity tag says."""
    lose_patch: int = 0
    """So many PATCHes are kept, and their answers lost."""
    refuse_file: bool = False
    export_ends: str = "completed"
    """How an export ends."""
    exported: dict[str, Any] = field(default_factory=dict)

    def app(self) -> Starlette:
        v1 = "/api/v1"
        routes = [
            Route(f"{v1}/auth/register", self.register, methods=["POST"]),
            Route(f"{v1}/auth/login", self.login, methods=["POST"]),
            Route(f"{v1}/auth/refresh", self.renew, methods=["POST"]),
            Route(f"{v1}/auth/logout", self.logout, methods=["POST"]),
            Route(f"{v1}/upload", self.form, methods=["POST"]),
            Route(f"{v1}/uploads", self.create_upload, methods=["POST"]),
            Route(f"{v1}/uploads/{{id}}", self.upload, methods=["HEAD", "GET", "PATCH"]),
            Route(f"{v1}/files/{{id}}", self.file),
            Route(f"{v1}/jobs/video-translate/create", self.create_job, methods=["POST"]),
            Route(f"{v1}/jobs/audio-translate/create", self.create_job, methods=["POST"]),
            Route(f"{v1}/jobs/subtitles/create", self.create_job, methods=["POST"]),
            Route(f"{v1}/jobs/subtitle-translate/create", self.create_job, methods=["POST"]),
            Route(f"{v1}/batches", self.create_batch, methods=["POST"]),
            Route(f"{v1}/batches/{{id}}", self.batch),
            Route(f"{v1}/batches/{{id}}/process", self.process_batch, methods=["POST"]),
            Route(f"{v1}/batches/{{id}}/events", self.no_events),
            Route(f"{v1}/capabilities", self.capabilities),
            Route(f"{v1}/jobs", self.list_jobs),
            Route(f"{v1}/jobs/{{id}}", self.job),
            Route(f"{v1}/jobs/{{id}}/process", self.process, methods=["POST"]),
            Route(f"{v1}/jobs/{{id}}/cancel", self.cancel, methods=["POST"]),
            Route(f"{v1}/jobs/{{id}}/release", self.release, methods=["POST"]),
            Route(f"{v1}/jobs/{{id}}/events", self.events),
            Route(f"{v1}/jobs/{{id}}/download", self.download),
            Route(f"{v1}/jobs/{{id}}/transcript", self.transcript),
            Route(f"{v1}/jobs/{{id}}/exports", self.exports, methods=["GET", "POST"]),
            Route(f"{v1}/jobs/{{id}}/exports/{{export}}", self.export),
            Route(f"{v1}/jobs/{{id}}/exports/{{export}}/download", self.download),
            Route(f"{v1}/credits", self.credits),
            Route(f"{v1}/credits/transactions", self.transactions),
            Route(f"{v1}/credits/prices", self.prices),
            *self.videos.routes(),
        ]
        return Starlette(
            routes=[Route(r.path, self.guarded(r.endpoint), methods=list(r.methods or [])) for r in routes]
        )

    def guarded(self, endpoint: Any) -> Any:
        async def handle(request: Request) -> Response:
            self.calls.append((request.method, request.url.path.removeprefix("/api/v1")))
            self.headers.append(dict(request.headers))
            if self.passing > 0:
                self.passing -= 1
                return problem(503, "temporarily_unavailable", "Try again.", headers={"Retry-After": "0"})
            if "/auth/" not in request.url.path and not request.url.path.endswith("/capabilities"):
                token = request.headers.get("authorization", "").removeprefix("Bearer ")
                if token not in self.access:
                    return problem(401, "unauthenticated", "Send an access token or an API key.")
            answer: Response = await endpoint(request)
            return answer

        return handle

    # -- accounts

    async def register(self, request: Request) -> Response:
        body = await request.json()
        if body["email"] in self.users:
            return problem(409, "email_taken", "There is an account with this address.")
        self.users[body["email"]] = body["password"]
        return JSONResponse(self.tokens(body["email"]), 201)

    async def login(self, request: Request) -> Response:
        body = await request.json()
        if self.users.get(body["email"]) != body["password"]:
            return problem(401, "invalid_credentials", "Wrong e-mail address or password.")
        return JSONResponse(self.tokens(body["email"]))

    async def renew(self, request: Request) -> Response:
        token = (await request.json())["refresh_token"]
        if token not in self.refresh:
            return problem(401, "invalid_refresh_token", "Sign in again.")
        self.refresh.discard(token)
        return JSONResponse(self.tokens("ada@example.org"))

    async def logout(self, request: Request) -> Response:
        self.access.clear()
        self.refresh.clear()
        return Response(status_code=204)

    def tokens(self, email: str) -> dict[str, Any]:
        access, refresh = f"access-{uuid4()}", f"refresh-{uuid4()}"
        self.access.add(access)
        self.refresh.add(refresh)
        user = {"id": str(uuid4()), "email": email, "is_admin": False, "created_at": "2026-01-01T00:00:00Z"}
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": 900,
            "user": user,
        }

    # -- files

    async def form(self, request: Request) -> Response:
        async with request.form() as form:
            sent = form["file"]
            return self.keep(sent.filename, await sent.read())  # type: ignore[union-attr]

    def keep(self, name: str, data: bytes) -> Response:
        if self.refuse_file:
            return problem(422, "not_media", "This is not a video or audio file that we can open.")
        file_id = str(uuid4())
        self.files[file_id] = {
            "file_id": file_id,
            "filename": name,
            "size_bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "media": {"duration_seconds": 42.0},
        }
        return JSONResponse(self.files[file_id], 201)

    async def file(self, request: Request) -> Response:
        return JSONResponse(self.files[request.path_params["id"]])

    async def create_upload(self, request: Request) -> Response:
        assert request.headers["tus-resumable"] == "1.0.0"
        described = dict(pair.split(" ") for pair in request.headers["upload-metadata"].split(","))
        name = base64.b64decode(described["filename"]).decode()
        upload_id = str(uuid4())
        self.uploads[upload_id] = Upload(int(request.headers["upload-length"]), name)
        location = f"/api/v1/uploads/{upload_id}"
        return Response(status_code=201, headers={"Location": location, "Tus-Resumable": "1.0.0"})

    async def upload(self, request: Request) -> Response:
        upload = self.uploads[request.path_params["id"]]
        if request.method == "GET":
            done = next((f for f in self.files.values() if f["filename"] == upload.name), None)
            return JSONResponse({"state": "receiving", "file_id": done and done["file_id"], "problem": None})
        assert request.headers["tus-resumable"] == "1.0.0"
        if request.method == "HEAD":
            return Response(headers={"Upload-Offset": str(len(upload.data))})
        assert request.headers["content-type"] == "application/offset+octet-stream"
        if int(request.headers["upload-offset"]) != len(upload.data):
            return problem(409, "upload_offset_conflict", "The upload stands elsewhere.")
        body = await request.body()
        kind, _, digest = request.headers["upload-checksum"].partition(" ")
        assert kind == "sha256"
        assert base64.b64decode(digest) == hashlib.sha256(body).digest()
        upload.data += body
        headers = {"Upload-Offset": str(len(upload.data))}
        if len(upload.data) == upload.length:
            kept = self.keep(upload.name, bytes(upload.data))
            if kept.status_code != 201:
                return kept
            headers["Upload-File-Id"] = json.loads(bytes(kept.body))["file_id"]
        if self.lose_patch > 0:
            self.lose_patch -= 1
            return problem(502, "bad_gateway", "Somebody on the way lost the answer.")
        return Response(status_code=204, headers=headers)

    async def capabilities(self, request: Request) -> Response:
        return JSONResponse(CAPABILITIES)

    # -- jobs

    async def create_job(self, request: Request) -> Response:
        self.keys.append(request.headers["idempotency-key"])
        body = {"target_languages": ["en"], **await request.json()}
        if "xx" in body["target_languages"]:
            return problem(
                422, "unsupported_language", "Cannot translate en to xx. What can be done: en to es, fr."
            )
        job_id = str(uuid4())
        self.jobs[job_id] = {
            "id": job_id, "kind": "video_translate", "step": -1, "attempt": 1,
            "filename": self.files[body["file_id"]]["filename"], "duration_seconds": 42.0,
            "source_language": body["source_language"], "target_languages": body["target_languages"],
            "wishes": {name: body[name] for name in WISHES if name in body},
            "quote": {"credits": 10 * len(body["target_languages"]), "price_version": "1"},
            "created_at": "2026-01-01T10:20:30.123456Z",
        }  # fmt: skip
        return JSONResponse(self.document(job_id), 201)

    async def create_batch(self, request: Request) -> Response:
        made = []
        for asked in (await request.json())["items"]:
            item = {"target_languages": ["en"], **asked}
            job_id = str(uuid4())
            self.jobs[job_id] = {
                "id": job_id, "kind": item["kind"], "step": -1, "attempt": 1,
                "filename": self.files[item["file_id"]]["filename"], "duration_seconds": 42.0,
                "source_language": item["source_language"], "target_languages": item["target_languages"],
                "quote": {"credits": 10 * len(item["target_languages"]), "price_version": "1"},
                "created_at": "2026-01-01T10:20:30.123456Z",
            }  # fmt: skip
            made.append(job_id)
        batch_id = str(uuid4())
        self.batches[batch_id] = made
        jobs = [self.document(job_id) for job_id in made]
        return JSONResponse({**self.batch_document(batch_id), "jobs": jobs}, 201)

    def batch_document(self, batch_id: str) -> dict[str, Any]:
        jobs = [self.document(job_id) for job_id in self.batches[batch_id]]
        states = [job["status"] for job in jobs]
        ended = all(state in ("completed", "failed") for state in states)
        status = states[0] if len(set(states)) == 1 else "partially_completed"
        return {
            "id": batch_id, "status": status if ended else "processing", "total": len(jobs),
            "counts": {state: states.count(state) for state in states},
            "progress_percentage": sum(job["progress_percentage"] for job in jobs) / len(jobs),
            "quote": sum(job["quote"]["credits"] for job in jobs),
            "credits_charged": sum(job["credits_charged"] or 0 for job in jobs),
        }  # fmt: skip

    async def batch(self, request: Request) -> Response:
        batch_id = request.path_params["id"]
        for job_id in self.batches[batch_id]:
            self.advance(job_id)
        return JSONResponse(self.batch_document(batch_id))

    async def process_batch(self, request: Request) -> Response:
        jobs = [self.jobs[job_id] for job_id in self.batches[request.path_params["id"]]]
        required = sum(job["quote"]["credits"] for job in jobs)
        if required > self.balance:
            return problem(402, "insufficient_credits", f"These jobs cost {required} credits together.",
                           required=required, balance=self.balance)  # fmt: skip
        self.balance -= required
        for job in jobs:
            job["step"] = 0
        return JSONResponse(self.batch_document(request.path_params["id"]), 202)

    async def no_events(self, request: Request) -> Response:
        return problem(502, "bad_gateway", "No streams here.")

    def document(self, job_id: str) -> dict[str, Any]:
        job = self.jobs[job_id]
        pending = ("pending", "PENDING", 0.0, "Not started")
        status, phase, percent, sentence = pending if job["step"] < 0 else self.steps[job["step"]]
        if status == "completed" and job["filename"] in self.fails:
            status, phase = "failed", "FAILED"
        done = status == "completed"
        outputs = [
            {
                "language": language,
                "size_bytes": len(self.result),
                "media_type": self.media_type,
                "download": f"/api/v1/jobs/{job_id}/download?language={language}",
            }
            for language in job["target_languages"]
        ]
        return {
            **{name: value for name, value in job.items() if name != "step"},
            "status": status, "phase": phase, "progress_percentage": percent, "current_step": sentence,
            "outputs": outputs if done else [], "credits_charged": job["quote"]["credits"] if done else None,
            "error_message": self.error if status == "failed" else None,
            "error_code": "no_audio" if status == "failed" else None,
        }  # fmt: skip

    async def list_jobs(self, request: Request) -> Response:
        wanted = request.query_params.getlist("status")
        items = [self.document(job_id) for job_id in reversed(self.jobs)]
        items = [job for job in items if not wanted or job["status"] in wanted]
        return JSONResponse({"items": items[: int(request.query_params["limit"])], "next_cursor": None})

    async def job(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if job_id not in self.jobs:
            return problem(404, "job_not_found", f"There is no job {job_id}.")
        document = self.document(job_id)
        if self.no_stream and self.jobs[job_id]["step"] >= 0:
            self.advance(job_id)
        return JSONResponse(document)

    def advance(self, job_id: str) -> None:
        self.jobs[job_id]["step"] = min(len(self.steps) - 1, self.jobs[job_id]["step"] + 1)

    async def process(self, request: Request) -> Response:
        job = self.jobs[request.path_params["id"]]
        required = job["quote"]["credits"]
        if required > self.balance:
            return problem(402, "insufficient_credits", f"This job costs {required} credits and you have "
                           f"{self.balance}.", required=required, balance=self.balance)  # fmt: skip
        self.balance -= required
        job["step"] = 0
        return JSONResponse({"task_id": str(uuid4()), "status": "queued"}, 202)

    async def cancel(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if job_id not in self.jobs:
            return problem(404, "job_not_found", "There is no such job.")
        self.steps = [("cancelled", "CANCELLED", 0.0, "Cancelled")]
        self.jobs[job_id]["step"] = 0
        return JSONResponse(self.document(job_id), 202)

    async def release(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if self.document(job_id)["status"] != "review":
            return problem(409, "job_not_in_review", "The job does not wait for review.")
        self.advance(job_id)
        return JSONResponse(self.document(job_id), 202)

    async def events(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if self.no_stream:
            return problem(502, "bad_gateway", "No streams here.")
        last = request.headers.get("last-event-id")
        at = int(last) if last else self.jobs[job_id]["step"]

        async def frames() -> AsyncIterator[bytes]:
            yield b": hello\n\n"
            first = at + (1 if last else 0)
            for number in range(first, len(self.steps)):
                if self.break_stream_after is not None and number - first >= self.break_stream_after:
                    raise ConnectionResetError
                self.jobs[job_id]["step"] = number
                status = self.steps[number][0]
                kind = f"job.{status}" if status in ("completed", "failed", "cancelled") else "job.updated"
                yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(self.document(job_id))}\n\n".encode()
                await asyncio.sleep(0.01)

        return StreamingResponse(frames(), media_type="text/event-stream")

    async def download(self, request: Request) -> Response:
        tag = f'"{hashlib.sha256(self.result).hexdigest()}"'
        start = 0
        if wanted := request.headers.get("range"):
            assert request.headers["if-range"] == tag
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        body = self.result[start:]
        if self.damage:
            body = b"?" + body[1:]
        stop, self.break_download_at = self.break_download_at, None

        async def pieces() -> AsyncIterator[bytes]:
            yield body[:stop]
            if stop is not None:
                await asyncio.sleep(0.05)
                raise ConnectionResetError

        headers = {"ETag": tag, "Content-Length": str(len(body)), "Accept-Ranges": "bytes"}
        return StreamingResponse(pieces(), 206 if start else 200, headers=headers, media_type="video/mp4")

    async def exports(self, request: Request) -> Response:
        if request.method == "GET":
            containers = {"tracks": ["mp4", "mkv"], "burnt": []}
            return JSONResponse({"containers": containers, "items": []})
        self.exported = await request.json()
        return JSONResponse(self.export_document("making"), 202)

    async def export(self, request: Request) -> Response:
        return JSONResponse(self.export_document(self.export_ends))

    def export_document(self, status: str) -> dict[str, Any]:
        failed = status == "failed"
        return {
            "id": "11111111-1111-4111-8111-111111111111",
            "kind": self.exported["kind"],
            "container": self.exported.get("container", "mp4"),
            "languages": self.exported.get("languages", ["es"]),
            "status": status,
            "notes": ["Look at it."],
            "size_bytes": len(self.result) if status == "completed" else None,
            "error_code": "export_too_long" if failed else None,
            "error_message": "It takes too long." if failed else None,
        }

    async def transcript(self, request: Request) -> Response:
        return JSONResponse({"notes": self.notes, "segments": []})

    # -- credits

    async def credits(self, request: Request) -> Response:
        return JSONResponse({"available": self.balance, "held": 5, "total": self.balance + 5})

    async def transactions(self, request: Request) -> Response:
        line = {
            "id": str(uuid4()),
            "seq": 1,
            "kind": "release",
            "amount": 10,
            "credits": 10,
            "balance_after": 100,
            "held_after": 0,
            "reason": "the job failed",
            "job_id": None,
            "created_at": "2026-01-01T10:20:30Z",
        }
        return JSONResponse({"items": [line], "next_cursor": None})

    async def prices(self, request: Request) -> Response:
        tiers = [
            {"limit_seconds": 300.0, "inclusive": False, "credits": 10},
            {"limit_seconds": 3600.0, "inclusive": True, "credits": 25},
            {"limit_seconds": None, "inclusive": False, "credits": 150},
        ]
        kinds = {
            "video_translate": {"tiers": tiers, "percent": 100},
            "subtitles": {"tiers": tiers, "percent": 50},
        }
        return JSONResponse({"version": "1", "kinds": kinds})


def problem(
    status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    body = {
        **more,
        "type": f"urn:octavia:problem:{code}",
        "title": code,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
