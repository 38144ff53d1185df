"""Writes just enough of MP4 (ISO/IEC 14496-12) and Matroska (RFC 9559) to lie in them."""

import struct
from collections.abc import Sequence

RATE = 8000
"""Samples a second of the sound in crafted files: 16 bit, mono, PCM."""


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box: its length, its type, its content."""
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """A box with a version (0) and flags."""
    return box(kind, struct.pack(">I", flags), *parts)


def sound_entry(codec: bytes = b"sowt", channels: int = 1, rate: int = RATE) -> bytes:
    """A sample entry of sound."""
    return box(
        codec, bytes(6), struct.pack(">HHHIHHHHI", 1, 0, 0, 0, channels, 16, 0, 0, (rate & 0xFFFF) << 16)
    )


def picture_entry(codec: bytes, width: int, height: int, *more: bytes) -> bytes:
    """A sample entry of a picture."""
    return box(
        codec,
        bytes(6),
        struct.pack(
            ">H16xHHII4xH32sHh", 1, width & 0xFFFF, height & 0xFFFF, 72 << 16, 72 << 16, 1, b"", 24, -1
        ),
        *more,
    )


def track(
    entry: bytes,
    *,
    picture: bool = False,
    number: int = 1,
    timescale: int = RATE,
    duration: int = RATE,
    samples: int = RATE,
    delta: int = 1,
    size: int = 2,
    offset: int = 48,
    chunk_samples: int | None = None,
    references: bytes | None = None,
) -> bytes:
    """A track of equal samples in one chunk; `references` replaces the box that says "in this file"."""
    here = full(b"url ", flags=1)
    info = full(b"vmhd", bytes(8), flags=1) if picture else full(b"smhd", bytes(4))
    table = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), entry),
        full(b"stts", struct.pack(">III", 1, samples, delta)),
        full(b"stsc", struct.pack(">IIII", 1, 1, samples if chunk_samples is None else chunk_samples, 1)),
        full(b"stsz", struct.pack(">II", size, samples)),
        full(b"stco", struct.pack(">II", 1, offset)),
    )
    media = box(
        b"mdia",
        full(b"mdhd", struct.pack(">IIIIHH", 0, 0, timescale, duration, 0x55C4, 0)),
        full(b"hdlr", bytes(4), b"vide" if picture else b"soun", bytes(13)),
        box(b"minf", info, box(b"dinf", full(b"dref", struct.pack(">I", 1), references or here)), table),
    )
    header = struct.pack(">IIIIIQHHHH", 0, 0, number, 0, duration, 0, 0, 0, 0x0100, 0)
    return box(b"trak", full(b"tkhd", header, bytes(36), bytes(8), flags=7), media)


def movie(
    tracks: Sequence[bytes], data: bytes = bytes(2 * RATE), *more: bytes, duration: int = RATE
) -> bytes:
    """An MP4: its data first (from byte 48 on), then its index; `more` are boxes of the index."""
    start = box(b"ftyp", b"isom", bytes(4), b"isommp41") + box(b"free", bytes(8))
    header = full(b"mvhd", struct.pack(">IIII", 0, 0, RATE, duration), bytes(80))
    return start + box(b"mdat", data) + box(b"moov", header, *tracks, *more)


def element(identity: str, *parts: bytes) -> bytes:
    """An EBML element; `identity` in hexadecimal."""
    content = b"".join(parts)
    return bytes.fromhex(identity) + struct.pack(">Q", len(content) | 1 << 56) + content


def number(identity: str, value: int) -> bytes:
    """An unsigned integer."""
    return element(identity, value.to_bytes(8, "big"))


def matroska(tracks: bytes, *more: bytes, length: float | None = 1000.0) -> bytes:
    """A Matroska file of the tracks given; `length` in milliseconds."""
    head = element("1A45DFA3", element("4282", b"matroska"), number("4287", 4), number("4285", 2))
    info = [number("2AD7B1", 1_000_000)]
    if length is not None:
        info.append(element("4489", struct.pack(">d", length)))
    return head + element("18538067", element("1549A966", *info), element("1654AE6B", tracks), *more)


def matroska_track(
    codec: bytes,
    index: int = 1,
    *more: bytes,
    width: int = 0,
    height: int = 0,
    rate: float = RATE,
    channels: int = 1,
) -> bytes:
    """A track entry: a picture where it has a width, else sound."""
    if width:
        form = [number("83", 1), element("E0", number("B0", width), number("BA", height))]
    else:
        sound = [element("B5", struct.pack(">d", rate)), number("9F", channels), number("6264", 16)]
        form = [number("83", 2), element("E1", *sound)]
    return element("AE", number("D7", index), number("73C5", index), element("86", codec), *form, *more)


def cluster(time: int, *blocks: bytes, index: int = 1) -> bytes:
    """A cluster of simple blocks, one millisecond apart."""
    return element(
        "1F43B675",
        number("E7", time),
        *(
            element("A3", struct.pack(">BhB", 0x80 | index, place % 32000, 0x80), block)
            for place, block in enumerate(blocks)
        ),
    )
