"""Files that look well when they are opened, and cannot be used when they are decoded."""

import struct
from pathlib import Path

from octavia_samples.hostile.catalogue import Shelf


def add_late(shelf: Shelf, good: dict[str, Path]) -> None:
    """Made of good files whose sound was spoilt: their containers stay whole."""
    for name, content, about in late(good["good.mp4"].read_bytes()):
        shelf.put(name, content, about, refused=False)


def late(whole: bytes) -> list[tuple[str, bytes, str]]:
    """Names, contents and what is wrong, made of an ordinary MP4 of H.264 and AAC."""
    unknown = _replaced(_replaced(whole, b"mp4a", b"mha1"), b"esds", b"free")
    return [
        ("codec.mp4", unknown, "MP4, sound of a codec that has no decoder here"),
        ("missing.mp4", _sound_moved(whole, 0.0), "MP4, its sound should lie behind its end"),
        ("most.mp4", _sound_moved(whole, 0.1), "MP4, most of its sound should lie behind its end"),
    ]


def _replaced(whole: bytes, old: bytes, new: bytes) -> bytes:
    place = whole.rindex(old)
    return whole[:place] + new + whole[place + len(old) :]


def _sound_table(whole: bytes, kind: bytes) -> int:
    """Where a table of the last track, which is the sound, begins."""
    return whole.rindex(kind) - 4


def _sound_moved(whole: bytes, share: float) -> bytes:
    """The chunks of sound after `share` of them are said to lie where nothing is."""
    data, place = bytearray(whole), _sound_table(whole, b"stco")
    (count,) = struct.unpack_from(">I", whole, place + 12)
    for number in range(int(count * share), count):
        struct.pack_into(">I", data, place + 16 + 4 * number, len(whole) + 4096 * number)
    return bytes(data)
