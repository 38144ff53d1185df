"""A thin client of the platform's HTTP API, for tests and benchmarks: one method a call, nothing hidden."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import httpx

TERMINAL = frozenset({"completed", "partially_completed", "failed", "cancelled", "expired"})
PASSWORD = "correct horse battery staple"  # noqa: S105 - of users that live as long as a test


class ApiError(Exception):
    """A problem document, as it came."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            self.problem: dict[str, Any] = response.json()
        except ValueError:
            self.problem = {"detail": response.text[:500]}
        self.status = response.status_code
        super().__init__(
            f"{response.request.method} {response.request.url.path}: {self.status} {self.problem}"
        )


class Api:
    """One user of one gateway. Raises ApiError for every answer of 400 and above."""

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=timeout)
        self.user: dict[str, Any] = {}
        self.email = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One request; the JSON of its answer (None for an empty one)."""
        response = await self.http.request(method, path, **options)
        if response.status_code >= 400:
            raise ApiError(response)
        return response.json() if response.content else None

    async def register(self, email: str | None = None) -> Self:
        """A new user, signed in."""
        self.email = email or f"{uuid.uuid4().hex}@example.org"
        answer = await self.call(
            "POST", "/api/v1/auth/register", json={"email": self.email, "password": PASSWORD}
        )
        return self._signed_in(answer) if "access_token" in answer else await self.sign_in(self.email)

    async def sign_in(self, email: str) -> Self:
        """A user who was registered before."""
        self.email = email
        body = {"email": email, "password": PASSWORD}
        return self._signed_in(await self.call("POST", "/api/v1/auth/login", json=body))

    def _signed_in(self, answer: dict[str, Any]) -> Self:
        self.user = answer["user"]
        self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        return self

    async def upload(self, path: Path, *, file_type: str = "video") -> dict[str, Any]:
        """Upload a file by multipart form."""
        with path.open("rb") as stream:
            files = {"file": (path.name, stream)}
            answer: dict[str, Any] = await self.call(
                "POST", "/api/v1/upload", params={"file_type": file_type}, files=files
            )
        return answer

    async def create(
        self, file_id: str, *targets: str, source: str = "en", kind: str = "video-translate", **more: Any
    ) -> dict[str, Any]:
        """Create a job that dubs an uploaded file into `targets`; `kind` is also `audio-translate`."""
        body = {"file_id": file_id, "source_language": source, "target_languages": list(targets), **more}
        job: dict[str, Any] = await self.call("POST", f"/api/v1/jobs/{kind}/create", json=body)
        return job

    async def process(self, job_id: str) -> dict[str, Any]:
        """Begin the job: its credits are held."""
        answer: dict[str, Any] = await self.call("POST", f"/api/v1/jobs/{job_id}/process")
        return answer

    async def job(self, job_id: str) -> dict[str, Any]:
        """The job as it stands."""
        answer: dict[str, Any] = await self.call("GET", f"/api/v1/jobs/{job_id}")
        return answer

    async def generate(self, prompt: str, **wishes: Any) -> list[dict[str, Any]]:
        """Ask for videos of one prompt (`count=` for several)."""
        answer = await self.call("POST", "/api/v1/videos", json={"prompt": prompt, **wishes})
        videos: list[dict[str, Any]] = answer["videos"]
        return videos

    async def video(self, video_id: str) -> dict[str, Any]:
        """The video as it stands."""
        answer: dict[str, Any] = await self.call("GET", f"/api/v1/videos/{video_id}")
        return answer

    async def clip(self, video_id: str) -> bytes:
        """The finished video."""
        response = await self.http.get(f"/api/v1/videos/{video_id}/content")
        if response.status_code >= 400:
            raise ApiError(response)
        return response.content

    async def events(
        self, job_id: str, *, last_id: str = "", kind: str = "jobs"
    ) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
        """The live events of a job (or one of the `videos`): id, name, data; ends with the stream."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        path = f"/api/v1/{kind}/{job_id}/events"
        async with self.http.stream("GET", path, headers=headers, timeout=None) as response:
            if response.status_code >= 400:
                await response.aread()
                raise ApiError(response)
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                if not line:
                    if "data" in fields:
                        yield fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"])
                    fields = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")

    async def wait(self, job_id: str, *, timeout: float = 200.0, poll: float = 0.25) -> dict[str, Any]:
        """Poll until the job has ended. Raises TimeoutError with the job's last state."""
        return await self._wait(self.job, job_id, timeout, poll)

    async def wait_video(
        self, video_id: str, *, timeout: float = 200.0, poll: float = 0.25
    ) -> dict[str, Any]:
        """Poll until the video has ended. Raises TimeoutError with its last state."""
        return await self._wait(self.video, video_id, timeout, poll)

    async def _wait(
        self, read: Callable[[str], Awaitable[dict[str, Any]]], subject: str, timeout: float, poll: float
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while True:
            try:
                job = await read(subject)
                if job["status"] in TERMINAL:
                    return job
            except (httpx.TransportError, ApiError) as error:
                # A fault test may have taken the gateway or its database away for a moment.
                if isinstance(error, ApiError) and error.status < 500:
                    raise
                job = {"error": repr(error)}
            if time.monotonic() > deadline:
                raise TimeoutError(f"it has not ended after {timeout} s: {job}")
            await asyncio.sleep(poll)

    async def download(self, job_id: str, language: str, path: Path) -> Path:
        """Save the finished file of one language."""
        url = f"/api/v1/jobs/{job_id}/download"
        async with self.http.stream("GET", url, params={"language": language}) as response:
            if response.status_code >= 400:
                await response.aread()
                raise ApiError(response)
            with path.open("wb") as out:
                async for block in response.aiter_bytes(1 << 20):
                    out.write(block)
        return path

    async def transcript(self, job_id: str, language: str) -> dict[str, Any]:
        """What was said, in one language, as JSON."""
        answer: dict[str, Any] = await self.call(
            "GET", f"/api/v1/jobs/{job_id}/transcript", params={"language": language, "format": "json"}
        )
        return answer

    async def report(self, job_id: str, language: str) -> dict[str, Any]:
        """How good the dub in one language is."""
        answer: dict[str, Any] = await self.call(
            "GET", f"/api/v1/jobs/{job_id}/report", params={"language": language}
        )
        return answer

    async def credits(self) -> dict[str, Any]:
        """Available, held and total credits."""
        answer: dict[str, Any] = await self.call("GET", "/api/v1/credits")
        return answer

    async def history(self) -> list[dict[str, Any]]:
        """Every line of the credit history, newest first."""
        lines: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"cursor": cursor} if cursor else {}
            page = await self.call("GET", "/api/v1/credits/transactions", params=params)
            lines.extend(page["items"])
            cursor = page.get("next_cursor")
            if not cursor:
                return lines
