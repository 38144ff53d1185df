"""Pictures of strangers: upright, plain, not too large; and those that are none."""

import struct
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.errors import MediaError
from octavia_common.media import MediaKind, probe
from octavia_videogen.domain.errors import PictureUnusableError
from octavia_videogen.pictures import LONGEST_SIDE, Pictures, orientation, upright
from octavia_videogen.providers.base import PictureBy


def jpeg(path: Path, turned: int | None = None, size: str = "64x32") -> Path:
    """A picture whose left half is white; `turned` is written into it as its EXIF orientation."""
    graph = f"color=black:s={size},drawbox=w=iw/2:color=white:t=fill"
    _ffmpeg("-f", "lavfi", "-i", graph, "-frames:v", "1", "-q:v", "1", "-f", "mjpeg", str(path))
    if turned is not None:
        tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, turned, 0, 0)
        exif = b"Exif\x00\x00" + tiff
        data = path.read_bytes()
        path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    return path


def white_side(path: Path) -> str:
    """Which side of a picture is white."""
    raw = _ffmpeg("-f", "jpeg_pipe", "-i", str(path), "-vf", "scale=2:2,format=gray", "-f", "rawvideo", "-")
    tl, tr, bl, br = raw
    side = {(1, 0, 1, 0): "left", (0, 1, 0, 1): "right", (1, 1, 0, 0): "top", (0, 0, 1, 1): "bottom"}
    return side[(tl > 127, tr > 127, bl > 127, br > 127)]


@pytest.mark.parametrize(
    ("turned", "size", "white"),
    [
        (None, (64, 32), "left"),
        (1, (64, 32), "left"),
        (2, (64, 32), "right"),
        (3, (64, 32), "right"),
        (4, (64, 32), "left"),
        (5, (32, 64), "top"),
        (6, (32, 64), "top"),
        (7, (32, 64), "bottom"),
        (8, (32, 64), "bottom"),
        (99, (64, 32), "left"),
    ],
)
async def test_a_picture_is_turned_as_its_camera_says(
    tmp_path: Path, turned: int | None, size: tuple[int, int], white: str
) -> None:
    source, target = jpeg(tmp_path / "upload", turned), tmp_path / "upright"
    await upright(source, target)
    info = await probe(target, kind=MediaKind.IMAGE)
    assert info.video is not None
    assert (info.video.width, info.video.height) == size
    assert white_side(target) == white
    assert await orientation(target) == 1
    assert b"Exif" not in target.read_bytes()


async def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    source = jpeg(tmp_path / "upload", size="4000x1000")
    await upright(source, tmp_path / "upright")
    info = await probe(tmp_path / "upright", kind=MediaKind.IMAGE)
    assert info.video is not None
    assert (info.video.width, info.video.height) == (LONGEST_SIDE, 512)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\xff\xd8\xff\xe0" + b"\x00" * 40, b"#EXTM3U\nfile:///etc/passwd"]
)
async def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "upload"
    source.write_bytes(content)
    with pytest.raises((MediaError, PictureUnusableError)):
        await upright(source, tmp_path / "upright")


async def test_a_picture_reaches_its_provider_as_that_wants_it(tmp_path: Path) -> None:
    store, user, hold = FakeArtifactStore(), uuid4(), uuid4()
    body = jpeg(tmp_path / "source", 6).read_bytes()
    upload = await store.write(f"users/{user}/uploads/1", body, "image/jpeg")
    pictures = Pictures(store, scratch=None)
    async with pictures.ready(user, hold, upload, PictureBy.BYTES) as picture:
        assert picture.path is not None
        assert picture.path.read_bytes() == await store.read(picture.ref)
    writes = list(store.writes)
    async with pictures.ready(user, hold, upload, PictureBy.ADDRESS) as picture:
        assert picture.address is not None
        assert picture.address.startswith("fake://public/")
    assert store.writes == writes, "it is made once"
    assert picture.ref.key.startswith(f"users/{user}/artifacts/videogen/")


async def test_a_picture_that_is_gone_or_broken_is_told_in_plain_words(tmp_path: Path) -> None:
    store, user = FakeArtifactStore(), uuid4()
    pictures = Pictures(store, scratch=None)
    broken = await store.write(f"users/{user}/uploads/1", b"no picture", "image/jpeg")
    gone: Any = broken.model_copy(update={"key": f"users/{user}/uploads/2"})
    huge = broken.model_copy(update={"size_bytes": 2**40})
    for upload in (broken, gone, huge):
        with pytest.raises(PictureUnusableError, match="credits are back"):
            async with pictures.ready(user, uuid4(), upload, PictureBy.REFERENCE):
                pass


def _ffmpeg(*arguments: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
