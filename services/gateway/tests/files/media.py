"""Media for the tests, made by ffmpeg; good ones and bad ones."""

import struct
import subprocess
import zlib
from pathlib import Path


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)], check=True, timeout=100
    )


def video(path: Path, *options: str, seconds: int = 4, sound: bool = True) -> Path:
    """A small moving picture with a tone."""
    tone = ["-f", "lavfi", "-i", f"sine=440:duration={seconds}"] if sound else []
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-shortest"]
    ffmpeg("-f", "lavfi", "-i", f"testsrc=320x240:rate=25:duration={seconds}", *tone, *codecs, *options, path)
    return path


def large_video(path: Path, *options: str) -> Path:
    """Noise, which hardly compresses: some 30 MB in few seconds."""
    picture = ["-f", "lavfi", "-i", "nullsrc=640x360:rate=25:duration=12,geq=random(1)*255:128:128"]
    tone = ["-f", "lavfi", "-i", "sine=440:duration=12"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "26", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    ffmpeg(*picture, *tone, *codecs, "-shortest", *options, path)
    return path


def remuxed(source: Path, path: Path, *options: str) -> Path:
    """The same packets in another container."""
    ffmpeg("-i", source, "-c", "copy", *options, path)
    return path


def png(width: int, height: int) -> bytes:
    """A PNG that claims a size and has one line's data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(width + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pixel_bomb(path: Path) -> Path:
    """A valid video of 16000×16000 pixels in a few hundred KB."""
    ffmpeg(
        *("-f", "lavfi", "-i", "color=black:size=16000x16000:rate=1:duration=1"),
        *("-c:v", "mjpeg", "-q:v", "31", "-pix_fmt", "yuvj420p", path),
    )
    return path


SRT = b"1\n00:00:00,500 --> 00:00:02,000\nHello.\n\n2\n00:00:02,500 --> 00:00:04,000\nXin ch\xc3\xa0o.\n"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile '/etc/passwd'\n"
