"""A user who begins jobs and sees them complete, over HTTP and server-sent events as any client."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from octavia_local.api import TERMINAL, Api

TARGET = "es"


class JobNotCompletedError(Exception):
    """A job failed, or its stream broke: there is no figure to be had."""


@dataclass(frozen=True)
class Completed:
    """When a job was begun and seen completed, in seconds of `time.perf_counter`."""

    job_id: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """From before `process` was sent until the event was there."""
        return self.ended - self.began


class User:
    """One signed-in user with one open stream of all of his jobs."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._waiting: dict[str, asyncio.Future[float]] = {}
        self._open = asyncio.Event()
        self._trouble: Exception | None = None

    async def prepare(self, source: Path, targets: Sequence[str] = (TARGET,)) -> str:
        """Upload a video and create a job on it; its id."""
        file = await self.api.upload(source)
        job = await self.api.create(file["file_id"], *targets)
        return str(job["id"])

    async def run(self, job_id: str, *, timeout: float = 300.0) -> Completed:
        """Begin a job and wait, without polling, until its completion is told of.

        Raises:
            JobNotCompletedError: it ended otherwise, or nothing was heard of it for `timeout` seconds.
        """
        if self._trouble is not None:
            raise JobNotCompletedError("the stream of events is closed") from self._trouble
        seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[job_id] = seen
        began = time.perf_counter()
        await self.api.process(job_id)
        try:
            ended = await asyncio.wait_for(seen, timeout)
        except TimeoutError:
            job = await self.api.job(job_id)
            raise JobNotCompletedError(f"not completed after {timeout:.0f} s: {job}") from None
        return Completed(job_id, began, ended)

    async def follow(self) -> None:
        """Read the stream until it is closed."""
        try:
            async with self.api.http.stream("GET", "/api/v1/events", timeout=None) as response:
                response.raise_for_status()
                self._open.set()
                kind = ""
                async for line in response.aiter_lines():
                    if line.startswith("event: "):
                        kind = line.removeprefix("event: ")
                    elif line.startswith("data: ") and kind.removeprefix("job.") in TERMINAL:
                        self._tell(time.perf_counter(), json.loads(line.removeprefix("data: ")))
            raise JobNotCompletedError("the gateway has closed the stream of events")
        except (httpx.HTTPError, JobNotCompletedError) as error:
            self._trouble = error
            for seen in self._waiting.values():
                if not seen.done():
                    seen.set_exception(JobNotCompletedError(repr(error)))

    async def until_open(self) -> None:
        """Return once the stream's head is there."""
        await asyncio.wait_for(self._open.wait(), 30)

    def _tell(self, now: float, job: dict[str, Any]) -> None:
        seen = self._waiting.pop(job["id"], None)
        if seen is None or seen.done():
            return
        if job["status"] == "completed":
            seen.set_result(now)
        else:
            seen.set_exception(JobNotCompletedError(f"the job {job['status']}: {job['error_message']}"))


@contextlib.asynccontextmanager
async def user_of(url: str) -> AsyncIterator[User]:
    """A new user of the gateway at `url`, with credits and an open stream."""
    async with Api(url) as api:
        await api.register()
        await _has_credits(api)
        user = User(api)
        following = asyncio.create_task(user.follow())
        try:
            await user.until_open()
            yield user
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _has_credits(api: Api) -> None:
    """Wait for the welcome grant, and the price list, before anything is measured."""
    async with asyncio.timeout(60):
        while not (  # noqa: ASYNC110 - nothing is measured yet
            (await api.credits())["available"] and await _prices_known(api)
        ):
            await asyncio.sleep(0.1)


async def _prices_known(api: Api) -> bool:
    answer = await api.http.get("/api/v1/credits/prices")
    return answer.status_code == 200
