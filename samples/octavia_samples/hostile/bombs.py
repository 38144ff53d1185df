"""Small files that take much: of frames, streams, time and sound."""

import struct
from collections.abc import Iterator

from octavia_samples.hostile.boxes import (
    RATE,
    box,
    cluster,
    element,
    full,
    matroska,
    matroska_track,
    movie,
    number,
    picture_entry,
    sound_entry,
    track,
)
from octavia_samples.hostile.catalogue import Shelf

_PCM = b"A_PCM/INT/LIT"
_SECOND = bytes(2 * RATE)


def add_bombs(shelf: Shelf) -> None:
    """All of them; none takes more than some MB to make or to keep."""
    _add_frames(shelf)
    _add_streams(shelf)
    _add_durations(shelf)
    _add_sound(shelf)


def _add_frames(shelf: Shelf) -> None:
    many = 150_000_000
    one = track(sound_entry(), samples=many, size=1, chunk_samples=1)
    shelf.put("frames.mp4", movie([one]), "MP4, an index of 150 million entries", refused=False)
    picture = picture_entry(b"jpeg", 160, 90)
    for count in (many, 0x7FFFFFFF, 0xFFFFFFFF):
        frames = track(picture, picture=True, timescale=90_000, duration=900_000, samples=count, size=1)
        shelf.put("frames.mov", movie([frames]), f"MOV of {count} frames", refused=False)
    sizes = full(b"stsz", struct.pack(">II", 0, 0x3FFFFFFF))
    shelf.put(
        "sizes.mp4",
        movie([track(sound_entry())], _SECOND, sizes),
        "MP4, a table longer than it",
        refused=False,
    )
    shelf.put(
        "boxes.mp4", box(b"ftyp", b"isom", bytes(4)) + box(b"free") * 1_500_000, "MP4 of 1.5 million boxes"
    )
    blocks = element("1F43B675", number("E7", 0), b"\xa3\x85\x81\x00\x00\x80\x00" * 300_000)
    tracks = matroska_track(_PCM)
    shelf.put(
        "blocks.mkv", matroska(tracks, blocks), "Matroska of 300,000 blocks at one instant", refused=False
    )
    tiny = b"".join(element("1F43B675") for _ in range(300_000))
    shelf.put("clusters.mkv", matroska(tracks, tiny), "Matroska of 300,000 empty clusters", refused=False)
    shelf.put(
        "frames.mp3",
        b"\xff\xfb\x10\xc4" * 400_000,
        "MP3, nothing but heads of frames",
        kind="audio",
        refused=False,
    )


def _add_streams(shelf: Shelf) -> None:
    entries = b"".join(matroska_track(_PCM, index) for index in range(1, 5000))
    shelf.put("tracks.mkv", matroska(entries, cluster(0, _SECOND)), "Matroska of 5,000 tracks", refused=False)
    tracks = [track(sound_entry(), number=index, samples=10) for index in range(1, 3000)]
    shelf.put("tracks.mp4", movie(tracks), "MP4 of 3,000 tracks", refused=False)
    shelf.put(
        "streams.ogg",
        b"".join(_ogg(serial) for serial in range(5000)),
        "Ogg of 5,000 streams",
        kind="audio",
        refused=False,
    )
    shelf.put("programs.ts", b"".join(_programs()), "transport stream of 1,000 programs", refused=False)
    head = (
        b"avih"
        + struct.pack("<I", 56)
        + struct.pack("<14I", 40_000, 0, 0, 0, 25, 0, 20_000, 0, 160, 90, 0, 0, 0, 0)
    )
    streams = b"".join(_list(b"strl", _avi_stream()) for _ in range(5_000))
    body = _list(b"hdrl", head + streams) + _list(b"movi", b"")
    shelf.put(
        "streams.avi",
        b"RIFF" + struct.pack("<I", len(body) + 4) + b"AVI " + body,
        "AVI of 5,000 streams",
        refused=False,
    )


def _list(kind: bytes, body: bytes) -> bytes:
    return b"LIST" + struct.pack("<I", len(body) + 4) + kind + body


def _avi_stream() -> bytes:
    header = b"auds" + bytes(16) + struct.pack("<IIIIIIII", 1, RATE, 0, RATE, 0, 0, 2, 0)
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    return b"strh" + struct.pack("<I", len(header)) + header + b"strf" + struct.pack("<I", len(form)) + form


def _ogg(serial: int) -> bytes:
    """A page (RFC 3533) with the head of an Opus stream (RFC 7845); players do not check its sum."""
    packet = b"OpusHead\x01\x01\x00\x00" + struct.pack("<IhB", 48_000, 0, 0)
    head = b"OggS\x00\x02" + struct.pack("<qII", 0, serial, 0)
    tail = bytes((1, len(packet))) + packet
    return head + struct.pack("<I", _sum(head + bytes(4) + tail, 0)) + tail


def _sum(data: bytes, start: int) -> int:
    """The checksum of Ogg pages (from 0) and of MPEG sections (from all ones): CRC-32, unreflected."""
    total = start
    for byte in data:
        total ^= byte << 24
        for _ in range(8):
            total = (total << 1 ^ 0x04C11DB7 if total & 0x80000000 else total << 1) & 0xFFFFFFFF
    return total


def _programs() -> Iterator[bytes]:
    for start in range(0, 1000, 40):
        entries = b"".join(
            struct.pack(">HH", place + 1, 0xE000 | (place + 32)) for place in range(start, start + 40)
        )
        section = struct.pack(">BHHBBB", 0, 0xB000 | (len(entries) + 9), 1, 0xC1, start // 40, 199) + entries
        yield (
            struct.pack(">BHBB", 0x47, 0x4000, 0x10, 0)
            + section
            + struct.pack(">I", _sum(section, 0xFFFFFFFF))
            + b"\xff" * (188 - 5 - len(section) - 4)
        )


def _add_durations(shelf: Shelf) -> None:
    for length in (1e300, float("inf"), float("nan"), -1e300, 1e12):
        shelf.put(
            "long.mkv",
            matroska(matroska_track(_PCM), cluster(0, _SECOND), length=length),
            f"Matroska of {length} ms",
            kind="audio",
            refused=False,
        )
    gap = track(sound_entry(), timescale=1, duration=0xFFFFFFFE, samples=2, delta=0x7FFFFFFF)
    shelf.put("gap.mp4", movie([gap]), "MP4, 68 years between two samples", kind="audio")
    week = [cluster(0, _SECOND), cluster(7 * 24 * 3600 * 1000, _SECOND)]
    shelf.put(
        "week.mkv",
        matroska(matroska_track(_PCM), *week, length=7 * 24 * 3600 * 1000.0),
        "Matroska, a week between two blocks",
        kind="audio",
    )
    shelf.put(
        "untold.mkv",
        matroska(matroska_track(_PCM), *week, length=None),
        "Matroska, a week that it does not tell of",
        kind="audio",
    )
    shelf.put(
        "claim.mp4",
        movie([track(sound_entry(), duration=0xFFFFFFFE)], duration=0xFFFFFFFE),
        "MP4 that claims to be longer than it is",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "scale.mp4",
        movie([track(sound_entry(), timescale=0)]),
        "MP4 of no time scale",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "long.flac",
        b"fLaC\x80\x00\x00\x22" + struct.pack(">HHQQ", 16, 65535, 0, 0x01F400F0FFFFFFFF) + bytes(14),
        "FLAC of 68 billion samples",
        kind="audio",
    )
    shelf.put("long.wav", _wave(0xFFFFFFF0, rate=1), "WAV, 68 years by its head", kind="audio")
    shelf.put(
        "long.mp3",
        b"\xff\xfb\x90\xc4"
        + bytes(32)
        + b"Xing\x00\x00\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff"
        + bytes(400),
        "MP3 of 4 billion frames by its head",
        kind="audio",
        refused=False,
    )


def _wave(stated: int, *, channels: int = 1, rate: int = RATE, bits: int = 16, align: int = 2) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * align & 0xFFFFFFFF, align, bits)
    return (
        b"RIFF"
        + struct.pack("<I", 0xFFFFFFFF)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", stated)
        + _SECOND
    )


def _add_sound(shelf: Shelf) -> None:
    shelf.put(
        "channels.wav",
        _wave(2 * RATE, channels=65_535, align=131_070 & 0xFFFF),
        "WAV of 65,535 channels",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "rate.wav",
        _wave(2 * RATE, rate=0xFFFFFFFF),
        "WAV of 4 billion samples a second",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "zero.wav",
        _wave(2 * RATE, channels=0, rate=0, bits=0, align=0),
        "WAV of nothing",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "rate.mkv",
        matroska(matroska_track(_PCM, rate=1e300), cluster(0, _SECOND)),
        "Matroska of 1e300 Hz",
        kind="audio",
        refused=False,
    )
    shelf.put(
        "channels.mkv",
        matroska(matroska_track(_PCM, channels=1 << 31), cluster(0, _SECOND)),
        "Matroska of 2 billion channels",
        kind="audio",
        refused=False,
    )
    unknown = matroska(matroska_track(b"A_EVIL"), cluster(0, _SECOND))
    shelf.put("codec.mkv", unknown, "Matroska of a codec that nobody knows", kind="audio", refused=False)
