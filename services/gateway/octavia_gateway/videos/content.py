"""The clip and its poster as HTTP answers, to their owner and to whoever has a link."""

from datetime import datetime

from fastapi import Request
from octavia_common.artifacts import ArtifactStore
from starlette.responses import RedirectResponse, Response

from octavia_gateway.files.serving import serve
from octavia_gateway.videos.errors import (
    PosterNotFoundError,
    VideoDeletedError,
    VideoExpiredError,
    VideoNotReadyError,
)
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.names import filename_of
from octavia_gateway.videos.run import Clip
from octavia_gateway.videos.signing import UrlSigner
from octavia_gateway.videos.states import VideoStatus


class VideoContent:
    """Serves what a completed video consists of."""

    def __init__(self, store: ArtifactStore, signer: UrlSigner) -> None:
        self._store = store
        self._signer = signer

    async def clip(self, request: Request, video: Video) -> Response:
        """The clip, or a redirect to where its provider keeps it.

        Raises VideoNotReadyError, VideoDeletedError (409), VideoExpiredError (410), UnsatisfiableRangeError.
        """
        clip = delivered(video)
        address = await self._signer.remote_address(video)
        if address is not None:
            return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})
        return await serve(
            request, self._store, clip.video, filename=filename_of(video), modified=_modified(video)
        )

    async def poster(self, request: Request, video: Video) -> Response:
        """The first frame. Raises PosterNotFoundError (404), and as `clip`."""
        clip = delivered(video)
        if clip.poster is None:
            raise PosterNotFoundError
        filename = filename_of(video).removesuffix(".mp4") + ".webp"
        return await serve(request, self._store, clip.poster, filename=filename, modified=_modified(video))


def delivered(video: Video) -> Clip:
    """The clip of a completed video. Raises VideoNotReadyError, VideoDeletedError, VideoExpiredError."""
    if video.deleted_at is not None:
        raise VideoDeletedError
    if video.status is VideoStatus.EXPIRED:
        raise VideoExpiredError
    clip = video.run.delivered
    if clip is None:
        raise VideoNotReadyError(video.status.value)
    return clip


def _modified(video: Video) -> datetime:
    return video.run.finished_at or video.created_at
