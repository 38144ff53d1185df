"""The picture that a video begins with: what a stranger uploaded, made upright, plain and not too large.

A camera writes pictures as its sensor lay and notes beside it how they are to be turned (EXIF). Providers
differ in whether they heed that, so it is applied here, and everything but the picture itself is left behind.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from octavia_common.artifacts import ArtifactStore
from octavia_common.errors import ArtifactMissingError, MediaError
from octavia_common.events import ArtifactRef
from octavia_common.media import MediaKind, ToolFailedError, ToolLimits, ffmpeg, ffprobe, probe, safe_input

from octavia_videogen.domain.errors import PictureUnusableError
from octavia_videogen.providers.base import Picture, PictureBy
from octavia_videogen.results.keys import result_key

MIB = 1024 * 1024
MOST_BYTES = 32 * MIB
LEAST_SIDE = 16
"""Pixels; less is no picture that anything can begin with."""

LONGEST_SIDE = 2048
"""Pixels of what is handed on: more than any model uses (Kie takes files of up to 10 MB)."""

ADDRESS_LIFE = timedelta(hours=2)
"""A provider may fetch the picture only when the task's turn has come."""

MEDIA_TYPE = "image/jpeg"

_LIMITS = ToolLimits(seconds=60, file_bytes=MOST_BYTES)

_UPRIGHT = {
    2: "hflip",
    3: "hflip,vflip",
    4: "vflip",
    5: "transpose=cclock_flip",
    6: "transpose=clock",
    7: "transpose=clock_flip",
    8: "transpose=cclock",
}
"""What turns a picture of each EXIF orientation upright (CIPA DC-008, 4.6.5.1.6)."""


class Pictures:
    """Makes pictures ready, once for each run."""

    def __init__(self, store: ArtifactStore, *, scratch: Path | None) -> None:
        self._store = store
        self._scratch = scratch

    @asynccontextmanager
    async def ready(
        self, user_id: UUID, hold_id: UUID, upload: ArtifactRef, by: PictureBy
    ) -> AsyncIterator[Picture]:
        """The picture as its provider wants it; a file is there for as long as the context is.

        Raises PictureUnusableError, TransientError where our store is away.
        """
        with tempfile.TemporaryDirectory(prefix="octavia-picture-", dir=self._scratch) as name:
            folder = Path(name)
            key = result_key(user_id, hold_id, "picture")
            ref = await self._store.stat(key) or await self._made(key, upload, folder)
            match by:
                case PictureBy.ADDRESS:
                    address = await self._store.presign(ref.key, expires=ADDRESS_LIFE, public=True)
                    yield Picture(ref, address=address)
                case PictureBy.BYTES:
                    yield Picture(ref, path=await self._store.fetch(ref, folder / "ready"))
                case PictureBy.REFERENCE:
                    yield Picture(ref)

    async def _made(self, key: str, upload: ArtifactRef, folder: Path) -> ArtifactRef:
        if upload.size_bytes > MOST_BYTES:
            raise PictureUnusableError(f"it is larger than {MOST_BYTES // MIB} MiB.")
        try:
            source = await self._store.fetch(upload, folder / "upload")
            await upright(source, folder / "upright")
        except ArtifactMissingError:
            raise PictureUnusableError("it is not there any more.") from None
        except MediaError as error:
            raise PictureUnusableError(error.message) from None
        except ToolFailedError:
            raise PictureUnusableError("it cannot be opened; it may be damaged.") from None
        return await self._store.write_file(key, folder / "upright", MEDIA_TYPE)


async def upright(source: Path, target: Path) -> None:
    """Write the picture as a JPEG, upright, without metadata, and no larger than `LONGEST_SIDE`.

    Raises a MediaError, ToolFailedError, PictureUnusableError.
    """
    info = await probe(source, kind=MediaKind.IMAGE)
    if info.video is None or min(info.video.width, info.video.height) < LEAST_SIDE:
        raise PictureUnusableError(f"it has less than {LEAST_SIDE} pixels a side.")
    turned = _UPRIGHT.get(await orientation(source))
    fit = f"scale='min({LONGEST_SIDE},iw)':'min({LONGEST_SIDE},ih)':force_original_aspect_ratio=decrease"
    graph = ",".join([*([turned] if turned else []), fit, "format=yuvj420p"])
    await ffmpeg(
        # What it knows of turning differs with its version: it is told to leave that to us.
        *safe_input(source, MediaKind.IMAGE, "-noautorotate"),
        *("-frames:v", "1", "-vf", graph, "-map_metadata", "-1", "-fflags", "+bitexact", "-q:v", "2"),
        *("-f", "mjpeg", f"file:{target}"),
        limits=_LIMITS,
    )


async def orientation(source: Path) -> int:
    """The EXIF orientation of a picture, 1 to 8; 1 where it has none."""
    found = await ffprobe(
        source,
        *("-read_intervals", "%+#1", "-show_frames", "-show_entries", "frame_tags=Orientation"),
        kind=MediaKind.IMAGE,
    )
    for frame in found.get("frames", []):
        text = str(frame.get("tags", {}).get("Orientation", "")).strip()
        if text.isdecimal() and 1 <= int(text) <= 8:
            return int(text)
    return 1
