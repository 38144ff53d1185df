"""Users who make jobs all the while, as a client does that does not give up."""

import asyncio
import random
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from octavia_local.api import Api, ApiError
from octavia_samples.quick import unlike

LANGUAGES = ("es", "ca", "gl")


class Customer:
    """One user: begins jobs one after another, and calls some of them off."""

    def __init__(self, api: Api, seed: str) -> None:
        self.api = api
        self.begun: set[str] = set()
        self._rng = random.Random(seed)

    async def work(self, videos: Sequence[Path], stop: asyncio.Event, *, every: float) -> None:
        """Begin a job about every so many seconds until told to stop."""
        while not stop.is_set():
            await self.one_job(self._rng.choice(videos))
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * every)

    async def one_job(self, video: Path) -> str:
        """Upload, create, process; its id. Now and then the job is cancelled at once or a little later."""
        file = await self.upload(video)
        targets = self._rng.sample(LANGUAGES, self._rng.choice((1, 1, 2)))
        body = {"file_id": file["file_id"], "source_language": "en", "target_languages": targets}
        job = await self.persist("POST", "/api/v1/jobs/video-translate/create", json=body)
        job_id = str(job["id"])
        self.begun.add(job_id)
        await self._unless_done("process", job_id)
        if self._rng.random() < 0.1:
            await asyncio.sleep(self._rng.uniform(0, 2))
            await self._unless_done("cancel", job_id)
        return job_id

    async def _unless_done(self, what: str, job_id: str) -> None:
        """409 says that the job is beyond it: it has ended, or a try whose answer was lost had begun it."""
        try:
            await self.persist("POST", f"/api/v1/jobs/{job_id}/{what}")
        except ApiError as error:
            if error.status != 409:
                raise

    async def upload(self, video: Path) -> dict[str, Any]:
        """Each upload is of bytes of its own, so that nothing is found made."""
        body = unlike(await asyncio.to_thread(video.read_bytes))
        return await self.persist(
            "POST", "/api/v1/upload", params={"file_type": "video"}, files={"file": ("talk.mp4", body)}
        )

    async def persist(self, method: str, path: str, **options: Any) -> Any:
        """One call, sent again with the same Idempotency-Key until there is an answer below 500.

        Raises ApiError for an answer that sending again does not change.
        """
        headers = {"Idempotency-Key": str(uuid.uuid4())} if "json" in options or "/jobs/" in path else {}
        while True:
            try:
                return await self.api.call(method, path, headers=headers, **options)
            except httpx.TransportError:
                pass
            except ApiError as error:
                # 409 with our own key: the first try, cut off, is still being worked on.
                busy = error.status == 409 and "idempotency" in str(error.problem.get("code", ""))
                if error.status < 500 and error.status != 429 and not busy:
                    raise
            await asyncio.sleep(self._rng.uniform(0.2, 0.6))
