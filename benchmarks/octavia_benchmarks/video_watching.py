"""Users who ask for videos and hear of them on their streams."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
from octavia_local.api import TERMINAL, Api

MOST_PROMPTS = 50
"""Of one request."""


class Audience:
    """Several users with an open stream each. Times are Unix seconds, as the provider's.

    `completed` says when each prompt's video was told to be completed, `ended` how many ended in any way.
    """

    def __init__(self, users: list[Api]) -> None:
        self._users = users
        self.completed: dict[str, float] = {}
        self.ended = 0

    async def ask(self, prompts: Sequence[str]) -> None:
        """Ask for a video of each prompt, in their order, the users by turns."""
        for turn, first in enumerate(range(0, len(prompts), MOST_PROMPTS)):
            user = self._users[turn % len(self._users)]
            some = list(prompts[first : first + MOST_PROMPTS])
            await user.call("POST", "/api/v1/videos", json={"prompts": some})

    def has_heard_of(self, videos: int) -> bool:
        """Whether so many were told to be completed."""
        return len(self.completed) >= videos

    async def follow(self, user: Api, is_open: asyncio.Event) -> None:
        """Read a user's stream until it is cancelled."""
        async with user.http.stream("GET", "/api/v1/events", timeout=None) as response:
            response.raise_for_status()
            is_open.set()
            kind = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: ") and kind.removeprefix("video.") in TERMINAL:
                    self._tell(time.time(), json.loads(line.removeprefix("data: ")))

    def _tell(self, now: float, video: dict[str, Any]) -> None:
        self.ended += 1
        if video["status"] == "completed":
            self.completed[video["prompt"]] = now


@contextlib.asynccontextmanager
async def audience(url: str, users: int) -> AsyncIterator[Audience]:
    """New users of the gateway at `url`, with credits, streams, and something to ask for."""
    async with contextlib.AsyncExitStack() as stack:
        people = [await stack.enter_async_context(Api(url)) for _ in range(users)]
        for user in people:
            await user.register()
        found = Audience(people)
        streams = []
        for user in people:
            is_open = asyncio.Event()
            streams.append(asyncio.create_task(found.follow(user, is_open)))
            await asyncio.wait_for(is_open.wait(), 30)
        try:
            await _ready(people)
            yield found
        finally:
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)


async def _ready(people: list[Api]) -> None:
    """Every user has credits, and the gateway knows prices and models."""
    async with asyncio.timeout(60):
        for user in people:
            while not await _may_ask(user):  # noqa: ASYNC110 - nothing is measured yet
                await asyncio.sleep(0.1)


async def _may_ask(user: Api) -> bool:
    models = await user.http.get("/api/v1/videos/models")
    return models.status_code == httpx.codes.OK and bool((await user.credits())["available"])
