"""What comes home is looked at before it is shown."""

import subprocess
from pathlib import Path

import pytest
from octavia_videogen.domain.errors import NoVideoError
from octavia_videogen.results.inspection import inspected, write_poster


def made(path: Path, *arguments: str) -> Path:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


@pytest.mark.parametrize(
    ("name", "codec", "media_type"),
    [("a.mp4", "libx264", "video/mp4"), ("a.webm", "libvpx-vp9", "video/webm")],
)
async def test_a_clip_is_measured_and_has_a_poster(
    tmp_path: Path, name: str, codec: str, media_type: str
) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=s=1600x900:d=1:r=10", "-pix_fmt", "yuv420p", "-c:v", codec]
    path = made(tmp_path / name, *source)
    clip = await inspected(path)
    assert (clip.media_type, clip.width, clip.height) == (media_type, 1600, 900)
    assert clip.duration_seconds == pytest.approx(1, abs=0.2)
    poster = tmp_path / "poster"
    await write_poster(path, poster)
    assert poster.read_bytes()[8:12] == b"WEBP"


async def test_a_clip_that_lies_on_its_side_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    flat = made(
        tmp_path / "flat.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=1:r=10", "-pix_fmt", "yuv420p"
    )
    path = made(tmp_path / "turned.mp4", "-i", str(flat), "-c", "copy", "-metadata:s:v:0", "rotate=90")
    clip = await inspected(path)
    assert (clip.width, clip.height) == (180, 320)


@pytest.mark.parametrize(
    "arguments",
    [
        ("a.mp3", "-f", "lavfi", "-i", "sine=d=1"),
        ("a.m4a", "-f", "lavfi", "-i", "sine=d=1"),
        ("a.avi", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=1:r=10"),
        ("a.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=0.05:r=20", "-pix_fmt", "yuv420p"),
    ],
)
async def test_what_cannot_be_shown_is_no_video(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    name, *options = arguments
    with pytest.raises(NoVideoError):
        await inspected(made(tmp_path / name, *options))


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"#EXTM3U\nfile:///etc/passwd", b"\x00\x00\x00\x18ftypmp42" * 9],
)
async def test_what_is_no_media_is_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(NoVideoError):
        await inspected(path)
    with pytest.raises(NoVideoError):
        await write_poster(path, tmp_path / "poster")
