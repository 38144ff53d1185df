"""Small media files, made once a run with ffmpeg."""

import subprocess
from pathlib import Path

import pytest

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=6")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=6")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def make(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=60)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of each kind, and with what is left of some of them."""
    folder = tmp_path_factory.mktemp("media")
    path = {
        name: str(folder / name) for name in ("video.mp4", "fast.mp4", "video.mkv", "mute.mp4", "bomb.mp4")
    }
    make(*PICTURE, *TONE, *H264, "-c:a", "aac", path["video.mp4"])
    make("-i", path["video.mp4"], "-c", "copy", "-movflags", "+faststart", path["fast.mp4"])
    make("-i", path["video.mp4"], "-c", "copy", "-metadata:s:a:0", "language=eng", path["video.mkv"])
    make("-i", path["video.mp4"], "-c", "copy", "-an", path["mute.mp4"])
    make("-f", "lavfi", "-i", "color=size=16000x16000:rate=1:duration=1", *H264, path["bomb.mp4"])
    for name in ("sound.wav", "sound.mp3", "sound.flac", "sound.ogg", "sound.m4a"):
        make(*TONE, str(folder / name))
    return folder
