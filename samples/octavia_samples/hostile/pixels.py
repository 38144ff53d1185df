"""Small files with enormous pictures."""

import struct
import zlib

from octavia_samples.hostile.boxes import cluster, matroska, matroska_track, movie, picture_entry, track
from octavia_samples.hostile.catalogue import Shelf


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG of one line's data, whatever size it claims."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(min(width, 100_000) * 3 + 1)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + data + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG, with its sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg(width: int, height: int) -> bytes:
    """A baseline JPEG's headers and the beginning of its data."""
    tables = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    codes = (
        b"\xff\xc4\x00\x14\x00"
        + b"\x01"
        + bytes(15)
        + b"\x00"
        + b"\xff\xc4\x00\x14\x10\x01"
        + bytes(15)
        + b"\x00"
    )
    return (
        b"\xff\xd8"
        + tables
        + frame
        + codes
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
        + bytes(256)
        + b"\xff\xd9"
    )


def _webp(width: int, height: int) -> bytes:
    body = struct.pack("<I", 0x10) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    lossless = (
        b"\x2f" + struct.pack("<I", (min(width, 16384) - 1) | (min(height, 16384) - 1) << 14) + bytes(9)
    )
    chunks = (
        b"VP8X" + struct.pack("<I", len(body)) + body + b"VP8L" + struct.pack("<I", len(lossless)) + lossless
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _vp8(width: int, height: int) -> bytes:
    """The start of a key frame (RFC 6386, 9.1)."""
    return b"\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(64)


def _still(codec: bytes, frame: bytes, width: int, height: int) -> bytes:
    return matroska(matroska_track(codec, width=width, height=height), cluster(0, frame))


def add_pixels(shelf: Shelf) -> None:
    """Pictures of more pixels than any screen has, by every codec that can claim them."""
    shelf.put("huge.png", png(60_000, 60_000), "PNG of 3.6 billion pixels", kind="image")
    shelf.put("wide.png", png(2_000_000_000, 1), "PNG of one line", kind="image", refused=False)
    shelf.put("huge.jpg", jpeg(65_500, 65_500), "JPEG of 4.3 billion pixels", kind="image")
    shelf.put("huge.webp", _webp(16_384, 16_384), "WebP of 268 million pixels", kind="image")
    for name, codec, frame in (
        ("jpeg.mkv", b"V_MJPEG", jpeg(16_000, 16_000)),
        ("png.mkv", b"V_MS/VFW/FOURCC", png(16_000, 16_000)),
        ("vp8.webm", b"V_VP8", _vp8(16_383, 16_383)),
    ):
        shelf.put(name, _still(codec, frame, 16_000, 16_000), "Matroska of 256 million pixels")
        shelf.put(name, _still(codec, frame, 160, 90), "Matroska that hides its pixels", refused=False)
    for codec, frame in ((b"jpeg", jpeg(16_000, 16_000)), (b"png ", png(16_000, 16_000))):
        entry = picture_entry(codec, 16_000, 16_000)
        data = frame + bytes(1024)
        picture = track(entry, picture=True, timescale=1, duration=1, samples=1, size=len(data))
        shelf.put("huge.mov", movie([picture], data), "MOV of 256 million pixels")
    raw = track(
        picture_entry(b"raw ", 8192, 4320), picture=True, timescale=1, duration=1, samples=1, size=106_168_320
    )
    shelf.put("raw.mov", movie([raw]), "MOV whose one frame should have 106 MB", refused=False)
