"""The addresses of results: a clip, or what was ordered instead."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from octavia_simulator.clips import Clips
from octavia_simulator.faults import cut
from octavia_simulator.orders import Result
from octavia_simulator.provider import Provider
from octavia_simulator.tasks import State, Task

_MP4 = "video/mp4"
_INSIDE = "http://169.254.169.254/latest/meta-data/"
"""Where clouds keep the secrets of a machine; no result may lead there."""

_PIECE = 64 * 1024
_ENDLESS_PAUSE_SECONDS = 0.01


class Results:
    """Serves the clips of tasks that have ended well, to whoever has the address."""

    def __init__(self, provider: Provider, clips: Clips) -> None:
        self._provider = provider
        self._clips = clips

    def routes(self) -> list[Route]:
        """Of the application."""
        return [Route("/results/{task_id}.mp4", self.download, methods=["GET"])]

    async def download(self, request: Request) -> Response:
        """The clip of a task."""
        task = self._provider.tasks.get(request.path_params["task_id"])
        if task is None or task.state(self._provider.now()) is not State.SUCCESS:
            return _gone()
        return await self.answer(request, task)

    async def answer(self, request: Request, task: Task) -> Response:
        """What the task's orders make of its clip."""
        task.downloads += 1
        self._provider.asked["downloads"] += 1
        result = task.orders.result
        if task.expired(self._provider.now()) or result is Result.EXPIRED:
            self._provider.asked["downloads expired"] += 1
            return _gone()
        match result:
            case Result.INSIDE:
                return RedirectResponse(_INSIDE, status_code=302)
            case Result.NOT_VIDEO:
                return Response("<html>Please sign in.</html>", media_type=_MP4)
            case Result.ENDLESS:
                return StreamingResponse(_endless(), media_type=_MP4)
        wish = task.wish
        clip = await self._clips.clip(task.id, wish.width, wish.height, wish.seconds)
        if result is Result.TRUNCATED:
            clip = clip[: len(clip) // 2]
        if result is Result.CUT_OFF:
            headers = {"Content-Length": str(len(clip))}
            return StreamingResponse(_cut_off(request, clip), media_type=_MP4, headers=headers)
        return Response(clip, media_type=_MP4)


def _gone() -> Response:
    return JSONResponse({"code": 404, "msg": "The file has expired or never was."}, status_code=404)


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(_PIECE)
        await asyncio.sleep(_ENDLESS_PAUSE_SECONDS)


async def _cut_off(request: Request, clip: bytes) -> AsyncIterator[bytes]:
    yield clip[: len(clip) // 2]
    cut(request)
