"""A dub that is right passes; each way of being wrong is told by name."""

import subprocess
from pathlib import Path

import pytest
from octavia_local.errors import LocalError
from octavia_local.verification import verify_clip, verify_dub

SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHola\n"


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
    ffmpeg(*picture, *sound, "-c:v", "mpeg4", "-c:a", "aac", path)
    (tmp_path / "subtitles.srt").write_text(SUBTITLES)
    return path


def dub(source: Path, *options: str, subtitles: int = 2, sound: bool = True) -> Path:
    result = source.with_name("dub.mp4")
    texts = [part for _ in range(subtitles) for part in ("-i", source.with_name("subtitles.srt"))]
    maps = ["-map", "0:v", *(("-map", "0:a") if sound else ())]
    maps += [part for index in range(subtitles) for part in ("-map", str(index + 1))]
    codecs = ["-c:v", "copy", "-c:a", "aac", "-c:s", "mov_text"]
    ffmpeg("-i", source, *texts, *maps, *codecs, *options, result)
    return result


def test_a_right_dub_passes(source: Path) -> None:
    verify_dub(source, dub(source))


@pytest.mark.parametrize(
    ("options", "subtitles", "sound", "complaint"),
    [
        (("-c:v", "mpeg4", "-q:v", "20"), 2, True, "video packets"),
        (("-t", "1"), 2, True, "video packets"),
        ((), 1, True, "1 subtitle tracks"),
        ((), 2, False, "no sound"),
    ],
)
def test_a_wrong_dub_is_refused(
    source: Path, options: tuple[str, ...], subtitles: int, sound: bool, complaint: str
) -> None:
    with pytest.raises(LocalError, match=complaint):
        verify_dub(source, dub(source, *options, subtitles=subtitles, sound=sound))


def clip(folder: Path, picture: str = "testsrc=size=320x180:rate=24", codec: str = "libx264") -> Path:
    path = folder / "clip.mp4"
    ffmpeg("-f", "lavfi", "-i", f"{picture}:duration=5", "-c:v", codec, "-pix_fmt", "yuv420p", path)
    return path


def test_a_right_clip_passes(tmp_path: Path) -> None:
    verify_clip(clip(tmp_path), 5)


@pytest.mark.parametrize(
    ("picture", "codec", "seconds", "complaint"),
    [
        ("testsrc=size=320x180:rate=24", "libx264", 10, "10 s were asked for"),
        ("testsrc=size=320x180:rate=24", "mpeg4", 5, "no picture in H.264"),
        ("testsrc=size=180x320:rate=24", "libx264", 5, "not landscape"),
        ("color=size=320x180:rate=24", "libx264", 5, "does not move"),
    ],
)
def test_a_wrong_clip_is_refused(
    tmp_path: Path, picture: str, codec: str, seconds: int, complaint: str
) -> None:
    with pytest.raises(LocalError, match=complaint):
        verify_clip(clip(tmp_path, picture, codec), seconds)


def test_what_is_no_video_is_refused(source: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(LocalError, match="cannot read"):
        verify_dub(source, text)
