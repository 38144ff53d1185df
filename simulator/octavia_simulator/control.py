"""The routes by which tests and people order misbehaviour and see what was asked: no provider has these."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from octavia_simulator.orders import Ending, Hook, Orders
from octavia_simulator.provider import Provider
from octavia_simulator.sender import Sender
from octavia_simulator.tasks import Task


class EndRequest(BaseModel):
    """End tasks now: those named, or all that have not ended."""

    model_config = ConfigDict(extra="forbid")

    ending: Ending = Ending.SUCCESS
    tasks: tuple[str, ...] | None = None


class CallbackRequest(BaseModel):
    """Send a call-back of a task now."""

    model_config = ConfigDict(extra="forbid")

    task: str
    hook: Hook = Hook.HONEST


_Handler = Callable[[Request], Awaitable[Response]]


class Control:
    """Routes below `/simulator`."""

    def __init__(self, provider: Provider, sender: Sender) -> None:
        self._provider = provider
        self._sender = sender

    def routes(self) -> list[Route]:
        """Of the application."""
        return [
            Route("/simulator/healthz", self.healthz),
            Route("/simulator/counts", self.counts),
            Route("/simulator/tasks", self.tasks),
            Route("/simulator/orders", self.show_orders),
            Route("/simulator/orders", _understood(self.set_orders), methods=["PUT"]),
            Route("/simulator/end", _understood(self.end), methods=["POST"]),
            Route("/simulator/callback", _understood(self.callback), methods=["POST"]),
            Route("/simulator/reset", self.reset, methods=["POST"]),
        ]

    async def healthz(self, _: Request) -> Response:
        """It answers."""
        return JSONResponse({"status": "ok"})

    async def counts(self, _: Request) -> Response:
        """How often it was asked what."""
        return JSONResponse(self._provider.counts())

    async def tasks(self, _: Request) -> Response:
        """Every task, oldest first."""
        now = self._provider.now()
        return JSONResponse([_shown(task, now) for task in self._provider.tasks.values()])

    async def show_orders(self, _: Request) -> Response:
        """What is ordered of every task."""
        return JSONResponse(self._provider.defaults.model_dump(mode="json"))

    async def set_orders(self, request: Request) -> Response:
        """Order something of every task that is made from now on; what a prompt says comes on top."""
        self._provider.defaults = Orders.model_validate_json(await request.body())
        return await self.show_orders(request)

    async def end(self, request: Request) -> Response:
        """End tasks; how many it were."""
        wanted = EndRequest.model_validate_json(await request.body())
        now = self._provider.now()
        names = self._provider.tasks.keys() if wanted.tasks is None else wanted.tasks
        ended = 0
        for task in [self._provider.tasks[name] for name in names if name in self._provider.tasks]:
            if not task.state(now).ended and not task.deleted:
                self._provider.end(task, wanted.ending)
                ended += 1
        return JSONResponse({"ended": ended})

    async def callback(self, request: Request) -> Response:
        """Send a call-back; what was answered."""
        wanted = CallbackRequest.model_validate_json(await request.body())
        task = self._provider.tasks.get(wanted.task)
        if task is None or not task.callback_url:
            return JSONResponse({"error": "There is no such task, or it wants no call-back."}, 404)
        sent = await self._sender.send(task, wanted.hook, self._provider.now)
        return JSONResponse([asdict(each) for each in sent])

    async def reset(self, _: Request) -> Response:
        """Forget everything."""
        await self._provider.reset()
        return JSONResponse({})


def _understood(handler: _Handler) -> _Handler:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, status_code=422)

    return guarded


def _shown(task: Task, now: float) -> dict[str, Any]:
    return {
        "id": task.id,
        "shape": task.shape,
        **asdict(task.wish),
        "duration_seconds": task.wish.seconds,
        "state": task.state(now).value,
        "created_at": task.created_at,
        "ended_at": task.ended_at,
        "read_at": task.read_at,
        "deleted": task.deleted,
        "queries": task.queries,
        "downloads": task.downloads,
        "callback_url": task.callback_url,
        "sent": [asdict(sent) for sent in task.sent],
        "request": task.request,
    }
