"""The `/v1/videos` shape of own-GPU servers (vLLM-Omni, SGLang): no call-backs, but DELETE."""

import hashlib
import json
import re
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from octavia_simulator.creating import Creating, Refused
from octavia_simulator.orders import Orders, UnknownOrderError
from octavia_simulator.provider import Provider
from octavia_simulator.results import Results
from octavia_simulator.tasks import Image, State, Task, Wish

MODEL = "wan-2.2-ti2v-5b"
_STATUS = {
    State.WAITING: "queued",
    State.QUEUING: "queued",
    State.GENERATING: "in_progress",
    State.SUCCESS: "completed",
    State.FAIL: "failed",
}
_MOST_SIDE = 4096
_MOST_SECONDS = 60


class OpenAIVideos:
    """The routes of the shape."""

    def __init__(self, provider: Provider, results: Results) -> None:
        self._provider = provider
        self._results = results
        self._creating = Creating(provider, "openai-videos")

    def routes(self) -> list[Route]:
        """Of the application."""
        return [
            Route("/v1/videos", self.create, methods=["POST"]),
            Route("/v1/videos", self.list, methods=["GET"]),
            Route("/v1/videos/{task_id}", self.show, methods=["GET"]),
            Route("/v1/videos/{task_id}", self.delete, methods=["DELETE"]),
            Route("/v1/videos/{task_id}/content", self.content, methods=["GET"]),
            Route("/v1/models", self.models, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make a video, from a form or from JSON."""
        self._provider.asked["creates"] += 1
        try:
            self._require_key(request)
            fields, image = await _fields(request)
            prompt = str(fields.get("prompt", ""))
            orders = self._orders(prompt)
            self._creating.check(prompt, orders)
            wish = _wish(fields, prompt, image)
        except Refused as refused:
            return self._error(refused.code, refused.reason)
        return await self._creating.create(
            request, wish, orders, lambda task: JSONResponse(self._object(task)), body=fields
        )

    async def list(self, request: Request) -> Response:
        """What there is, the newest first."""
        self._provider.asked["lists"] += 1
        try:
            self._require_key(request)
        except Refused as refused:
            return self._error(refused.code, refused.reason)
        limit = request.query_params.get("limit", "20")
        after = request.query_params.get("after")
        here = [
            task
            for task in self._provider.tasks.values()
            if task.shape == "openai-videos" and not task.deleted
        ]
        here.sort(key=lambda task: task.created_at, reverse=True)
        first = next((place + 1 for place, task in enumerate(here) if task.id == after), 0)
        page = here[first : first + (int(limit) if limit.isdigit() else 20)]
        data = [self._object(task) for task in page]
        more = first + len(page) < len(here)
        return JSONResponse({"object": "list", "data": data, "has_more": more})

    async def show(self, request: Request) -> Response:
        """How far it is."""
        self._provider.asked["queries"] += 1
        try:
            self._require_key(request)
            task = self._task(request)
            task.queries += 1
            code = self._provider.refusal("query", task.id, task.orders.query)
            if code is not None:
                raise Refused(code)
        except Refused as refused:
            return self._error(refused.code, refused.reason)
        if self._provider.due(("garbled", task.id), task.orders.garbled):
            return HTMLResponse("<html><h1>502 Bad Gateway</h1></html>")
        task.read(self._provider.now())
        return JSONResponse(self._object(task))

    async def delete(self, request: Request) -> Response:
        """Cancel it, or forget its clip."""
        self._provider.asked["deletes"] += 1
        try:
            self._require_key(request)
            task = self._task(request)
        except Refused as refused:
            return self._error(refused.code, refused.reason)
        self._provider.delete(task)
        return JSONResponse({"id": task.id, "object": "video.deleted", "deleted": True})

    async def content(self, request: Request) -> Response:
        """The clip."""
        try:
            self._require_key(request)
            task = self._task(request)
            if task.state(self._provider.now()) is not State.SUCCESS:
                raise Refused(404, "The video is not ready.")
        except Refused as refused:
            return self._error(refused.code, refused.reason)
        return await self._results.answer(request, task)

    async def models(self, _: Request) -> Response:
        """The one model of the server."""
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    def _require_key(self, request: Request) -> None:
        key = self._provider.settings.api_key
        if key and request.headers.get("Authorization") != f"Bearer {key}":
            raise Refused(401, "Incorrect API key provided.")

    def _orders(self, prompt: str) -> Orders:
        try:
            return self._provider.orders(prompt)
        except UnknownOrderError as error:
            raise Refused(400, str(error)) from None

    def _task(self, request: Request) -> Task:
        task = self._provider.tasks.get(request.path_params["task_id"])
        if task is None or task.deleted or task.shape != "openai-videos":
            raise Refused(404, "Video not found.")
        return task

    def _object(self, task: Task) -> dict[str, Any]:
        now = self._provider.now()
        state = task.state(now)
        failed = {"code": task.orders.fail_code, "message": task.orders.fail_reason}
        return {
            "id": task.id,
            "object": "video",
            "status": _STATUS[state],
            "progress": task.percent(now),
            "model": task.wish.model,
            "prompt": task.wish.prompt,
            "created_at": int(task.created_at),
            "completed_at": int(task.ended_at) if state.ended and task.ended_at is not None else None,
            "seconds": str(task.wish.seconds),
            "size": f"{task.wish.width}x{task.wish.height}",
            "error": failed if state is State.FAIL else None,
        }

    def _error(self, code: int, reason: str) -> Response:
        self._provider.asked[f"answers {code}"] += 1
        kind = "server_error" if code >= 500 else "invalid_request_error"
        body = {"error": {"message": reason or f"Error {code}", "type": kind, "code": str(code)}}
        return JSONResponse(body, status_code=code)


async def _fields(request: Request) -> tuple[dict[str, str], Image | None]:
    if request.headers.get("Content-Type", "").startswith("application/json"):
        try:
            body = json.loads(await request.body())
        except ValueError:
            raise Refused(400, "The body is no JSON.") from None
        if not isinstance(body, dict):
            raise Refused(400, "The body must be an object.")
        return {str(name): str(value) for name, value in body.items()}, None
    image = None
    fields: dict[str, str] = {}
    async with request.form(max_files=1, max_fields=50) as form:
        for name, value in form.items():
            if not isinstance(value, UploadFile):
                fields[name] = value
            elif name == "input_reference":
                content = await value.read()
                image = Image(hashlib.sha256(content).hexdigest(), len(content), value.content_type or "")
    return fields, image


def _wish(fields: dict[str, str], prompt: str, image: Image | None) -> Wish:
    if not prompt:
        raise Refused(400, "prompt is required.")
    seconds = fields.get("seconds", "5")
    if not seconds.isdigit() or not 1 <= int(seconds) <= _MOST_SECONDS:
        raise Refused(400, f"seconds must be a whole number from 1 to {_MOST_SECONDS}.")
    size = re.fullmatch(r"(\d{1,4})x(\d{1,4})", fields.get("size", "1280x720"))
    if size is None or not all(16 <= int(side) <= _MOST_SIDE for side in size.groups()):
        raise Refused(400, f"size must be WIDTHxHEIGHT, each from 16 to {_MOST_SIDE}.")
    return Wish(prompt, fields.get("model", MODEL), int(size[1]), int(size[2]), int(seconds), image)
