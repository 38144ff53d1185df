"""Those who draw: a few of them in each replica, each on one clip at a time."""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import structlog
from octavia_common.artifacts import ArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.database import UNAVAILABLE, Database
from octavia_common.errors import EngineUnavailableError, JobCancelledError, OctaviaError
from octavia_common.events import AspectRatio
from octavia_common.media import ToolFailedError

from octavia_videogen.providers.local.drawing import Drawing, drawing
from octavia_videogen.providers.local.rendering import MEDIA_TYPE, render
from octavia_videogen.repositories.renders import LEASE_SECONDS, Render, RenderRepository
from octavia_videogen.results.keys import result_key

log = structlog.get_logger(__name__)

IDLE_SECONDS = 5.0
"""How often one that was not woken looks for work: that of renderers that are gone."""

MOST_TRIES = 3

Told = Callable[[UUID], Awaitable[object]]
"""Is told that the clip of a hold is further on or has ended, as a call-back tells of others."""


class RenderWorkers:
    """Claims clips, draws them, and puts them into the store."""

    def __init__(
        self, database: Database, store: ArtifactStore, told: Told, *, at_once: int, scratch: Path | None
    ) -> None:
        self._database = database
        self._store = store
        self._told = told
        self._at_once = at_once
        self._scratch = scratch
        self._renders = RenderRepository()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to draw."""
        self._woken.set()

    async def check(self) -> None:
        """Draw a moment of nothing. Raises EngineUnavailableError where ffmpeg cannot."""
        with self._folder() as folder:
            probe = drawing("Octavia", AspectRatio.SQUARE, 1, picture=False)
            one = Drawing(probe.size, 1, probe.filters, probe.text)
            try:
                await render(one, None, folder, CancelToken(), _nobody)
            except ToolFailedError as error:
                raise EngineUnavailableError(
                    "ffmpeg cannot draw here (libx264, drawtext and a font are needed): "
                    f"{error.stderr.strip().splitlines()[-1:] or 'it said nothing'}"
                ) from None

    async def run(self) -> None:
        """Draw until cancelled; what is in hand then is put back."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._at_once):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                while await self.draw_one():
                    pass
            except (*UNAVAILABLE, OctaviaError) as error:
                log.warning("cannot draw now, trying again", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), IDLE_SECONDS)

    async def draw_one(self) -> bool:
        """Draw one clip to its end; False where none waits."""
        lease = uuid4()
        claimed = await self._renders.claim(self._database.pool, lease)
        if claimed is None:
            return False
        cancel = CancelToken()
        try:
            reason = await self._drawn(claimed, lease, cancel)
        except JobCancelledError:  # somebody else has it, or nobody wants it
            return True
        except asyncio.CancelledError:
            with contextlib.suppress(*UNAVAILABLE):
                await asyncio.shield(self._renders.put_back(self._database.pool, claimed.hold_id, lease))
            raise
        if await self._renders.end(self._database.pool, claimed.hold_id, lease, reason=reason):
            await self._told(claimed.hold_id)
        return True

    async def _drawn(self, claimed: Render, lease: UUID, cancel: CancelToken) -> str | None:
        """Why it failed, or None where its clip is in the store."""
        if claimed.tries > MOST_TRIES:
            return "drawing it failed again and again."
        keeping = asyncio.create_task(self._keep(claimed.hold_id, lease, cancel))
        try:
            with self._folder() as folder:
                return await self._draw(claimed, lease, cancel, folder)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _draw(self, claimed: Render, lease: UUID, cancel: CancelToken, folder: Path) -> str | None:
        async def report(figure: float) -> None:
            if not await self._renders.report(self._database.pool, claimed.hold_id, lease, figure):
                cancel.cancel("not ours any more")
            else:
                await self._told(claimed.hold_id)

        picture: Path | None = None
        spec = claimed.spec
        try:
            if claimed.picture is not None:
                picture = await self._store.fetch(claimed.picture, folder / "picture")
            sketch = drawing(
                spec.prompt, spec.aspect_ratio, spec.duration_seconds, picture=picture is not None
            )
            clip = await render(sketch, picture, folder, cancel, report)
        except JobCancelledError:
            raise
        except OctaviaError as error:
            if error.transient:
                raise
            log.warning("a clip cannot be drawn", hold_id=str(claimed.hold_id), error=repr(error))
            return error.message
        cancel.raise_if_cancelled()
        key = result_key(claimed.user_id, claimed.hold_id, "clip")
        await self._store.write_file(key, clip, MEDIA_TYPE)
        return None

    async def _keep(self, hold_id: UUID, lease: UUID, cancel: CancelToken) -> None:
        """Keep the lease for as long as it is worked on."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            with contextlib.suppress(*UNAVAILABLE):
                if not await self._renders.report(self._database.pool, hold_id, lease, None):
                    cancel.cancel("not ours any more")
                    return

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="octavia-render-", dir=self._scratch) as name:
            yield Path(name)


async def _nobody(_: float) -> None:
    """Nobody wants to know."""
