"""Brings one result home: fetched, looked at, given a poster, and put into the store."""

import asyncio
import tempfile
from pathlib import Path

import structlog
from octavia_common.artifacts import ArtifactStore
from octavia_common.documents import RemoteVideo
from octavia_common.errors import OctaviaError, PermanentError, TransientError
from octavia_common.events import VideoGenerated

from octavia_videogen.domain.errors import NoVideoError, ResultGoneError
from octavia_videogen.domain.records import Task
from octavia_videogen.providers.base import Provider
from octavia_videogen.results.inspection import POSTER_TYPE, Clip, inspected, write_poster
from octavia_videogen.results.keys import result_key

log = structlog.get_logger(__name__)


class FetchTroubleError(TransientError):
    """The provider does not give its result just now."""

    code = "video_fetch_trouble"


class BringingHome:
    """From an address to `VideoGenerated`. Done again it writes nothing anew: a run's first clip stays."""

    def __init__(
        self, provider: Provider, store: ArtifactStore, *, kept_by_provider: bool, scratch: Path | None
    ) -> None:
        self._provider = provider
        self._store = store
        self._kept_by_provider = kept_by_provider and provider.results_are_addresses
        self._scratch = scratch

    async def bring(self, task: Task) -> VideoGenerated:
        """The event that tells of the first usable result.

        Raises NoVideoError where none is, FetchTroubleError where the provider may give it later, another
        TransientError where our own store is away.
        """
        with tempfile.TemporaryDirectory(prefix="octavia-result-", dir=self._scratch) as name:
            last: OctaviaError = NoVideoError("it gave no address of one.")
            for number, result in enumerate(task.results):
                path = Path(name) / f"result-{number}"
                try:
                    await self._fetch(task, result, path)
                    poster = path.with_suffix(".webp")
                    clip = await _looked_at(path, poster)
                except FetchTroubleError as error:
                    last = error
                except PermanentError as error:
                    log.warning("a result cannot be used", error=repr(error))
                    last = last if last.transient else error
                else:
                    return await self._kept(task, result, path, poster, clip)
                finally:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
            if isinstance(last, NoVideoError) or last.transient:
                raise last
            gone = isinstance(last, ResultGoneError)
            raise NoVideoError(
                "it was removed before it could be fetched." if gone else "it cannot be fetched."
            )

    async def _fetch(self, task: Task, result: str, path: Path) -> None:
        assert task.provider_task is not None
        try:
            await self._provider.fetch(task.provider_task, result, path)
        except TransientError as error:
            raise FetchTroubleError(error.message) from None
        except TimeoutError:
            raise FetchTroubleError("The result does not come to its end in time.") from None

    async def _kept(self, task: Task, result: str, path: Path, poster: Path, clip: Clip) -> VideoGenerated:
        """Put the clip (or where it is) and its poster into the store, at once: the owner waits for both."""
        user_id, hold_id = task.job.user_id, task.hold_id
        if self._kept_by_provider:
            remote = RemoteVideo(url=result)
            keeping = self._store.write_document(result_key(user_id, hold_id, "remote"), remote)
        else:
            keeping = self._store.write_file(result_key(user_id, hold_id, "clip"), path, clip.media_type)
        video, picture = await asyncio.gather(
            keeping, self._store.write_file(result_key(user_id, hold_id, "poster"), poster, POSTER_TYPE)
        )
        return VideoGenerated(
            job=task.job,
            video=video,
            poster=picture,
            kept_by_provider=self._kept_by_provider,
            provider=task.provider,
            model=task.spec.model,
            duration_seconds=clip.duration_seconds,
            width=clip.width,
            height=clip.height,
        )


async def _looked_at(path: Path, poster: Path) -> Clip:
    """What the clip is, and its poster; side by side, for the owner waits. Raises NoVideoError."""
    drawing = asyncio.create_task(write_poster(path, poster))
    try:
        clip = await inspected(path)
        await drawing
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
    return clip
