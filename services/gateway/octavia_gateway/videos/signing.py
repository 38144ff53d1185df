"""Addresses of a clip and its poster, signed when they are asked for and never kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from octavia_common.artifacts import ArtifactStore
from octavia_common.documents import RemoteVideo
from octavia_common.errors import OctaviaError

from octavia_gateway.videos.models import Video
from octavia_gateway.videos.names import filename_of
from octavia_gateway.videos.schemas import SignedUrls


class UrlSigner:
    """Signs addresses that live for `lifetime`."""

    def __init__(
        self,
        store: ArtifactStore,
        *,
        lifetime: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._lifetime = lifetime
        self._clock = clock

    async def urls(self, video: Video, *, thoroughly: bool = False) -> SignedUrls | None:
        """Addresses of a delivered clip. What its provider keeps is looked up only `thoroughly`."""
        clip = video.run.delivered
        if clip is None or video.deleted_at is not None:
            return None
        expires_at = self._clock() + self._lifetime
        poster = None
        if clip.poster is not None:
            poster = await self._store.presign(clip.poster.key, expires=self._lifetime, public=True)
        if not clip.kept_by_provider:
            address = await self._store.presign(
                clip.video.key, expires=self._lifetime, filename=filename_of(video), public=True
            )
            return SignedUrls(video=address, poster=poster, expires_at=expires_at)
        return SignedUrls(
            video=await self._remote(video) if thoroughly else None, poster=poster, expires_at=None
        )

    async def _remote(self, video: Video) -> str | None:
        try:
            return await self.remote_address(video)
        except OctaviaError:  # the document is told of all the same, without this address
            return None

    async def remote_address(self, video: Video) -> str | None:
        """Where the provider keeps the clip; None where the own store has it.

        Raises ArtifactMissingError, TransientError where that cannot be found out.
        """
        clip = video.run.delivered
        if clip is None or not clip.kept_by_provider:
            return None
        return (await self._store.read_document(clip.video, RemoteVideo)).url
