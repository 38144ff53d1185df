"""The gateway's interface of generated videos in miniature."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

STEPS = [
    ("pending", 10, "Waiting for the provider"),
    ("processing", 50, "Generating"),
    ("processing", 80, "Generating"),
    ("completed", 100, "Completed"),
]


@dataclass
class MiniatureVideos:
    """Its state, and its faults. `fates` are the last steps of the videos, in the order they are made."""

    price: int = 100
    balance: int = 1000
    clip: bytes = b"a clip" * 50_000
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    fates: list[tuple[str, int, str]] = field(default_factory=list)
    elsewhere: str = ""
    """Where a provider keeps the clips, if one does."""
    strange_id: str = ""

    def routes(self) -> list[Route]:
        v1 = "/api/v1/videos"
        return [
            Route(v1, self.create, methods=["POST"]),
            Route(v1, self.list),
            Route(f"{v1}/models", self.models),
            Route(f"{v1}/styles", self.styles),
            Route(f"{v1}/{{id}}", self.show),
            Route(f"{v1}/{{id}}/cancel", self.cancel, methods=["POST"]),
            Route(f"{v1}/{{id}}/events", self.events),
            Route(f"{v1}/{{id}}/content", self.content),
        ]

    async def create(self, request: Request) -> Response:
        assert request.headers["idempotency-key"]
        body = await request.json()
        self.requests.append(body)
        count = body.get("count", 1)
        if self.balance < self.price * count:
            detail = f"This needs {self.price * count} credits, and you have {self.balance}."
            return refused(402, "insufficient_credits", detail)
        made = [self.make(body) for _ in range(count)]
        self.balance -= self.price * count
        created = {"id": made[0], "batch_id": str(uuid4()), "credits": self.price * count}
        return JSONResponse({**created, "videos": [self.document(one) for one in made]}, 202)

    def make(self, body: dict[str, Any]) -> str:
        video_id = self.strange_id or str(uuid4())
        fate = self.fates.pop(0) if self.fates else STEPS[-1]
        self.videos[video_id] = {"prompt": body["prompt"], "steps": [*STEPS[:-1], fate], "step": 0}
        return video_id

    def document(self, video_id: str) -> dict[str, Any]:
        video = self.videos[video_id]
        status, progress, words = video["steps"][video["step"]]
        completed, failed = status == "completed", status == "failed"
        size = None if self.elsewhere else len(self.clip)
        return {
            "id": video_id,
            "status": status,
            "progress": progress,
            "current_step": words,
            "prompt": video["prompt"],
            "model": "local",
            "credits": self.price,
            "credits_charged": self.price if completed else None,
            "created_at": "2026-01-01T10:20:30.123456Z",
            "clip": {"size_bytes": size} if completed else None,
            "error_code": "provider_failed" if failed else None,
            "error_message": words if failed else None,
        }

    async def list(self, request: Request) -> Response:
        documents = [self.document(video_id) for video_id in reversed(self.videos)]
        wanted = request.query_params.getlist("status")
        return JSONResponse({"items": [d for d in documents if not wanted or d["status"] in wanted]})

    async def show(self, request: Request) -> Response:
        video_id = request.path_params["id"]
        if video_id not in self.videos:
            return refused(404, "video_not_found", "There is no such video.")
        return JSONResponse(self.document(video_id))

    async def cancel(self, request: Request) -> Response:
        video = self.videos[request.path_params["id"]]
        video["steps"], video["step"] = [("cancelled", 10, "Cancelled")], 0
        return JSONResponse(self.document(request.path_params["id"]), 202)

    async def events(self, request: Request) -> Response:
        video_id = request.path_params["id"]
        video = self.videos[video_id]

        async def frames() -> AsyncIterator[bytes]:
            for number in range(video["step"], len(video["steps"])):
                video["step"] = number
                document = self.document(video_id)
                ended = document["status"] in ("completed", "failed", "cancelled")
                kind = f"video.{document['status']}" if ended else "video.updated"
                yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(document)}\n\n".encode()
                await asyncio.sleep(0.01)

        return StreamingResponse(frames(), media_type="text/event-stream")

    async def content(self, request: Request) -> Response:
        if self.elsewhere:
            return RedirectResponse(self.elsewhere, 307)
        tag = f'"{hashlib.sha256(self.clip).hexdigest()}"'
        return Response(self.clip, headers={"ETag": tag}, media_type="video/mp4")

    async def models(self, request: Request) -> Response:
        model = {
            "id": "local",
            "title": "Placeholder",
            "tasks": ["text_to_video", "image_to_video"],
            "aspect_ratios": ["landscape", "square"],
            "prices": [
                {"duration_seconds": 5, "credits": 100},
                {"duration_seconds": 10, "credits": 100},
            ],
        }
        return JSONResponse({"provider": "local", "models": [model], "retired": []})

    async def styles(self, request: Request) -> Response:
        style = {"id": "film", "name": "Film", "text": "shot on 35 mm film", "avoid": "text"}
        return JSONResponse({"styles": [style]})


def refused(status: int, code: str, detail: str) -> Response:
    body = {"type": f"urn:octavia:problem:{code}", "title": code, "status": status, "detail": detail}
    return JSONResponse({**body, "code": code}, status, media_type="application/problem+json")
