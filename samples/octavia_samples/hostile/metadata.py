"""Small files full of titles, tags and covers, plain or packed."""

import struct
import zlib

from octavia_samples.hostile.boxes import (
    box,
    cluster,
    element,
    matroska,
    matroska_track,
    movie,
    number,
    sound_entry,
    track,
)
from octavia_samples.hostile.catalogue import Shelf
from octavia_samples.hostile.pixels import chunk, png

_PCM = b"A_PCM/INT/LIT"
_SECOND = bytes(16_000)


def add_metadata(shelf: Shelf) -> None:
    """Tags without end: many, long, deep."""
    sound = track(sound_entry())
    tag = box(b"\xa9nam", struct.pack(">HH", 60_000, 0), b"x" * 60_000)
    shelf.put(
        "tags.mp4",
        movie([sound], _SECOND, box(b"udta", tag * 60)),
        "MP4 with 3.6 MB of titles",
        kind="audio",
        refused=False,
    )
    deep = b""
    for _ in range(20_000):
        deep = box(b"udta", deep) if len(deep) < 200_000 else deep
    shelf.put(
        "deep.mp4", movie([sound], _SECOND, deep), "MP4, boxes within boxes", kind="audio", refused=False
    )
    names = b"".join(
        element("67C8", element("45A3", b"N%d" % place), element("4487", b"x")) for place in range(15_000)
    )
    tags = element("1254C367", element("7373", element("63C0"), names))
    shelf.put(
        "tags.mkv",
        matroska(matroska_track(_PCM), tags, cluster(0, _SECOND)),
        "Matroska with 15,000 tags",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "nested.mkv",
        matroska(
            matroska_track(_PCM), element("1254C367", element("7373", _nested(2000))), cluster(0, _SECOND)
        ),
        "Matroska, tags within tags",
        kind="audio",
        refused=False,
    )
    files = element(
        "1941A469",
        *(
            element(
                "61A7",
                element("466E", b"../../../../tmp/octavia-%d" % place),
                element("4660", b"font/ttf"),
                number("46AE", place + 1),
                element("465C", b"x"),
            )
            for place in range(500)
        ),
    )
    shelf.put(
        "files.mkv",
        matroska(matroska_track(_PCM), files, cluster(0, _SECOND)),
        "Matroska with 500 attachments",
        kind="audio",
        refused=False,
    )
    chapters = element(
        "1043A770",
        element(
            "45B9",
            *(element("B6", number("73C4", place + 1), number("91", place)) for place in range(50_000)),
        ),
    )
    shelf.put(
        "chapters.mkv",
        matroska(matroska_track(_PCM), chapters, cluster(0, _SECOND)),
        "Matroska with 50,000 chapters",
        kind="audio",
        refused=False,
    )
    frame = b"TXXX" + bytes((0, 0x40, 0, 0)) + b"\0\0" + b"\0x\0" + b"x" * (0x40 * 128 * 128 - 3)
    shelf.put(
        "tag.mp3",
        b"ID3\x04\0\0" + bytes((3, 0, 0, 0)) + frame * 6,
        "MP3, nothing but a tag of 6 MB",
        kind="audio",
    )
    language = matroska_track(
        _PCM, 1, element("22B59C", b"x" * 1_000_000), element("536E", b"\xff\xfe\x1b]0;" * 200_000)
    )
    shelf.put(
        "language.mkv",
        matroska(language, cluster(0, _SECOND)),
        "Matroska, a language of a million letters",
        kind="audio",
        refused=False,
    )


def _nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = element("67C8", element("45A3", b"N"), inner)
    return inner


def add_compressed(shelf: Shelf) -> None:
    """What unpacks to a thousand times its size."""
    zeros = zlib.compress(bytes(64 * 1024 * 1024), 9)
    packed = element("6D80", element("6240", element("5034", number("4254", 0))))
    shelf.put(
        "packed.mkv",
        matroska(matroska_track(_PCM, 1, packed), cluster(0, *[zeros] * 20)),
        "Matroska, 20 blocks of 64 MB packed",
        kind="audio",
        refused=False,
    )
    movie_packed = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", 0xFFFFFFF0), zeros))
    shelf.put(
        "packed.mov", box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", movie_packed), "MOV, its index packed"
    )
    frame = b"TXXX\0\0\x70\0\0\x09\x7f\x7f\x7f\x7f" + zeros[:14332]
    shelf.put(
        "packed.mp3",
        b"ID3\x04\0\0\0\0\x70\x0e" + frame + b"\xff\xfb\x90\xc4" * 400,
        "MP3, its tag packed",
        kind="audio",
        refused=False,
    )
    text = chunk(b"zTXt", b"a\0\0" + zeros)
    shelf.put("packed.png", png(64, 64, text), "PNG, its text packed", kind="image", refused=False)
    profile = chunk(b"iCCP", b"a\0\0" + zeros)
    shelf.put("profile.png", png(64, 64, profile), "PNG, its colours packed", kind="image", refused=False)
