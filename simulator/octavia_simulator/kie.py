"""Kie's shape: `createTask`, `recordInfo`, the balance."""

import asyncio
import hashlib
import json
from importlib import resources
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from octavia_simulator.creating import Creating, Refused
from octavia_simulator.orders import Orders, UnknownOrderError
from octavia_simulator.provider import Provider
from octavia_simulator.record import record_of
from octavia_simulator.tasks import Image, Wish

_SIZES = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (720, 720),
    "4:3": (960, 720),
    "3:4": (720, 960),
}
_MODELS: dict[str, Any] = json.loads((resources.files(__package__) / "models.json").read_text())
_MOST_IMAGE_BYTES = 10 * 1024 * 1024

_MESSAGES = {
    401: "You do not have access permissions",
    402: "The current credits are insufficient. Please top up.",
    404: "The task was not found",
    422: "Validation error",
    429: "Your call frequency is too high. Please try again later.",
    433: "The sub-key has reached its limit",
    451: "Failed to fetch the image. Kindly verify any access limits set by you or your service provider.",
    455: "The service is currently under maintenance",
    500: "This interface is temporarily paused",
    501: "Generation failed",
    505: "This feature is disabled",
}


class Kie:
    """The routes of the shape. Creates alone count against the rate, as "new requests" of the reference."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._creating = Creating(provider, "kie")
        self._http = httpx.AsyncClient(timeout=10.0, trust_env=False)

    def routes(self) -> list[Route]:
        """Of the application."""
        return [
            Route("/api/v1/jobs/createTask", self.create, methods=["POST"]),
            Route("/api/v1/jobs/recordInfo", self.record, methods=["GET"]),
            Route("/api/v1/chat/credit", self.balance, methods=["GET"]),
        ]

    async def close(self) -> None:
        """Close the connections by which images were fetched."""
        await self._http.aclose()

    async def create(self, request: Request) -> Response:
        """Make a task."""
        self._provider.asked["creates"] += 1
        if not self._known(request):
            return self._error(401)
        orders = self._provider.defaults
        try:
            body = await _object(request)
            prompt = str(_part(body, "input").get("prompt", ""))
            orders = self._orders(prompt)
            self._creating.check(prompt, orders)
            wish = await self._wish(body, prompt)
        except Refused as refused:
            return self._error(refused.code, orders, refused.reason)
        return await self._creating.create(
            request,
            wish,
            orders,
            lambda task: self._success({"taskId": task.id}, orders),
            callback_url=str(body.get("callBackUrl") or ""),
            body=body,
        )

    async def record(self, request: Request) -> Response:
        """The record of a task."""
        self._provider.asked["queries"] += 1
        if not self._known(request):
            return self._error(401)
        task = self._provider.tasks.get(request.query_params.get("taskId", ""))
        if task is None or task.shape != "kie":
            return self._error(404)
        task.queries += 1
        code = self._provider.refusal("query", task.id, task.orders.query)
        if code is not None:
            return self._error(code, task.orders)
        if self._provider.due(("garbled", task.id), task.orders.garbled):
            return HTMLResponse("<html><h1>502 Bad Gateway</h1></html>")
        now = self._provider.now()
        task.read(now)
        return self._success(record_of(task, now, self._provider.settings.url), task.orders)

    async def balance(self, request: Request) -> Response:
        """The credits of the account: as many as anybody needs."""
        return self._success(1_000_000, self._provider.defaults) if self._known(request) else self._error(401)

    def _known(self, request: Request) -> bool:
        key = self._provider.settings.api_key
        return not key or request.headers.get("Authorization") == f"Bearer {key}"

    def _orders(self, prompt: str) -> Orders:
        try:
            return self._provider.orders(prompt)
        except UnknownOrderError as error:
            raise Refused(422, str(error)) from None

    async def _wish(self, body: dict[str, Any], prompt: str) -> Wish:
        """What is asked for, held against what the model takes. Raises Refused."""
        model = str(body.get("model", ""))
        takes = _MODELS.get(model)
        if takes is None:
            raise Refused(422, f"The model name you specified is not supported: {model}")
        if takes.get("retired"):
            raise Refused(500)
        given = _part(body, "input")
        if not prompt:
            raise Refused(422, "prompt is required")
        ratio = given.get("aspect_ratio")
        if takes["aspect_ratios"] and ratio not in takes["aspect_ratios"]:
            raise Refused(422, f"aspect_ratio is not within the range of allowed options: {ratio!r}")
        duration = given.get(takes["duration"]["field"])
        # Their type counts: a model that wants "5" does not take 5.
        if not any(
            duration == value and type(duration) is type(value) for value in takes["duration"]["values"]
        ):
            raise Refused(422, f"duration is not within the range of allowed options: {duration!r}")
        width, height = _SIZES[ratio] if isinstance(ratio, str) and ratio in _SIZES else _SIZES["16:9"]
        image = await self._image(takes["image"], given)
        return Wish(prompt, model, width, height, int(str(duration)), image)

    async def _image(self, field: str | None, given: dict[str, Any]) -> Image | None:
        if field is None:
            return None
        name = field.removesuffix("?")
        value = given.get(name)
        address = value[0] if isinstance(value, list) and value else value
        if not address:
            if field.endswith("?"):
                return None
            raise Refused(422, f"{name} is required")
        return await self._fetch(str(address))

    async def _fetch(self, address: str) -> Image:
        """The picture behind an address. Raises Refused."""
        self._provider.asked["images fetched"] += 1
        try:
            async with asyncio.timeout(10), self._http.stream("GET", address) as answer:
                if answer.status_code != 200:
                    raise Refused(451)
                content = bytearray()
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > _MOST_IMAGE_BYTES:
                        raise Refused(451)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            raise Refused(451) from None
        media_type = answer.headers.get("Content-Type", "")
        return Image(hashlib.sha256(content).hexdigest(), len(content), media_type)

    def _success(self, data: Any, orders: Orders) -> Response:
        return JSONResponse({"code": 200, _said(orders): "success", "data": data})

    def _error(self, code: int, orders: Orders | None = None, reason: str = "") -> Response:
        orders = orders or self._provider.defaults
        self._provider.asked[f"answers {code}"] += 1
        body = {"code": code, _said(orders): reason or _MESSAGES.get(code, "Error"), "data": None}
        return JSONResponse(body, status_code=200 if orders.codes_in_body else code)


def _said(orders: Orders) -> str:
    return "message" if orders.says_message else "msg"


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refused(400, "The body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused(422)
    return body


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name)
    if not isinstance(part, dict):
        raise Refused(422, f"{name} is required")
    return part
