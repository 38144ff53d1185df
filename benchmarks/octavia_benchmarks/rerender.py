"""How soon one changed line of a long job is heard, by itself and in the whole, beside putting all of its
sound together again."""

import asyncio
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from octavia_common.artifacts import S3ArtifactStore, S3Client, user_prefix
from octavia_common.settings import ServiceSettings
from octavia_local.own_servers import OwnServers
from octavia_local.platform import Platform
from octavia_samples.factory import make_long_video

from octavia_benchmarks.driver import TARGET as LANGUAGE
from octavia_benchmarks.driver import User, user_of
from octavia_benchmarks.results import Figure, at_most, lower_is_better
from octavia_benchmarks.stack import make_platform, servers

TARGET_SECONDS = 10.0
_SECONDS = 30 * 60.0
_QUICK_SECONDS = 60.0
_EDITS = 5
_ENGINES = {"TRANSCRIBER_ENGINE": "timed"}
"""Whoever wrote the lines has no part in an edit: the recogniser only marks where somebody speaks."""
_NEW_LINES = ("Esta frase es completamente distinta.", "Y esta es otra.")


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """Dub a long talk; change a line and render it, several times over; then the same with nothing kept."""
    seconds = _QUICK_SECONDS if quick else _SECONDS
    with tempfile.TemporaryDirectory(prefix="octavia-bench-") as name:
        video = Path(name) / "talk.mp4"
        make_long_video(video, seconds)
        with servers() as on, make_platform(on, _ENGINES) as platform:
            async with user_of(platform.url) as user:
                job_id = await user.prepare(video)
                first = (await user.run(job_id, timeout=3600)).seconds
                editor = _Editor(user, job_id)
                calls = _calls(platform)
                edits = [await editor.change_and_render() for _ in range(1 if quick else _EDITS)]
                calls = _calls(platform) - calls
                edited = [edit.whole for edit in edits]
                heard = [edit.heard for edit in edits]
                await _forget_blocks(on, str(user.api.user["id"]))
                whole = (await editor.change_and_render()).whole
    usual, worst = statistics.median(edited), max(edited)
    figures = [
        lower_is_better("line_heard", statistics.median(heard), "s", baseline=usual),
        at_most("line_heard_worst", max(heard), "s", TARGET_SECONDS),
        lower_is_better("rerender_line", usual, "s", baseline=whole),
        at_most("rerender_line_worst", worst, "s", TARGET_SECONDS),
    ]
    note = (
        f"rerender: {seconds / 60:.0f} min dubbed in {first:.0f} s; one line changed and heard by itself in "
        f"{', '.join(f'{each:.1f}' for each in heard)} s, in the whole in "
        f"{', '.join(f'{each:.1f}' for each in edited)} s "
        f"({calls / len(edited):.1f} calls of the synthesizer each), {whole:.1f} s with no block kept."
    )
    return figures, [note]


@dataclass(frozen=True)
class _Edit:
    """Seconds from before `render` is sent until the line can be heard, and until the new output can be
    downloaded."""

    heard: float
    whole: float


class _Editor:
    """Changes lines of one job, each time another one."""

    def __init__(self, user: User, job_id: str) -> None:
        self._api = user.api
        self._path = f"/api/v1/jobs/{job_id}"
        self._changed = 0

    async def change_and_render(self) -> "_Edit":
        """Change one line and render it."""
        table = await self._api.call("GET", f"{self._path}/segments", params={"language": LANGUAGE})
        lines = table["segments"]
        line = lines[len(lines) * (2 * self._changed + 1) // (2 * _EDITS + 4) % len(lines)]
        body = {"language": LANGUAGE, "revision": table["revision"], "text": _NEW_LINES[self._changed % 2]}
        await self._api.call("PATCH", f"{self._path}/segments/{line['id']}", json=body)
        self._changed += 1
        began = time.perf_counter()
        await self._api.call("POST", f"{self._path}/render", json={})
        async with asyncio.timeout(1200):
            while not await self._is_heard(line["id"]):  # noqa: ASYNC110 - as a person's page looks
                await asyncio.sleep(0.1)
            heard = time.perf_counter() - began
            while (await self._status()) != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return _Edit(heard, time.perf_counter() - began)

    async def _is_heard(self, line: str) -> bool:
        """Whether the voice of a changed line can be had; it is taken as a player takes it."""
        answer = await self._api.http.get(
            f"{self._path}/segments/{line}/audio", params={"language": LANGUAGE}
        )
        return answer.status_code == 200 and len(answer.content) > 0

    async def _status(self) -> str:
        (language,) = (await self._api.call("GET", f"{self._path}/languages"))["items"]
        return str(language["status"])


def _calls(platform: Platform) -> int:
    """How often the synthesizer's engine was called."""
    count = r'octavia_engine_seconds_count{[^}]*kind="synthesizer"[^}]*} ([0-9.]+)'
    counted = re.findall(count, platform.metrics("synthesizer"))
    return int(sum(float(each) for each in counted))


async def _forget_blocks(on: OwnServers, user_id: str) -> None:
    """Delete every block that was kept for a user."""
    store = S3ArtifactStore(
        S3Client(on.s3.address, on.s3.access_key, on.s3.secret_key, ServiceSettings().s3_bucket)
    )
    try:
        prefix = f"{user_prefix(UUID(user_id))}artifacts/assembler-block/"
        await store.delete([key async for key in store.list_keys(prefix)])
    finally:
        await store.close()
