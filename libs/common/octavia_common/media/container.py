"""Whether a container has all the bytes that it says it has; ffmpeg plays a torso without a word."""

import string
import struct
from pathlib import Path
from typing import BinaryIO

from octavia_common.media.errors import MediaTimeoutError

_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot"})
MOST_BOXES = 1_000_000
"""Top-level boxes that are followed, which takes some seconds; 12 hours in pieces of a second have 86,400."""

_EBML = b"\x1a\x45\xdf\xa3"
_BOX_LETTERS = frozenset((string.ascii_letters + string.digits + " -_\xa9").encode("latin-1"))


def is_cut_off(path: Path) -> bool:
    """Whether the end of an MP4/MOV or RIFF (WAV, AVI) file is missing. False for other containers.

    Raises MediaTimeoutError where there are more boxes than any ordinary file has.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[4:8] in _FIRST_BOXES:
            return _boxes_cut_off(file, size)
        if head[:4] == b"RIFF" and len(head) == 12:
            return _riff_cut_off(file, size)
    return False


def begins_well(path: Path) -> bool:
    """Whether a file begins as MP4, MOV, Matroska or WebM, whatever comes after."""
    with path.open("rb") as file:
        head = file.read(8)
    return head[4:8] in _FIRST_BOXES or head[:4] == _EBML


def is_fragmented(path: Path) -> bool:
    """Whether an MP4's index is spread over movie fragments; the boxes before the first must be there.

    Raises MediaTimeoutError where there are more boxes than any ordinary file has.
    """
    size = path.stat().st_size
    position, boxes = 0, 0
    with path.open("rb") as file:
        while position + 16 <= size:
            boxes += 1
            if boxes > MOST_BOXES:
                raise MediaTimeoutError
            file.seek(position)
            length, kind, wide = struct.unpack(">I4sQ", file.read(16))
            if kind == b"moof":
                return True
            length = wide if length == 1 else length
            if length < 8 or not _BOX_LETTERS.issuperset(kind):
                return False
            position += length
    return False


def _boxes_cut_off(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 14496-12, 4.2: a box is its 32-bit size and its type, then its content."""
    position, boxes, has_index = 0, 0, False
    while position + 8 <= size:
        boxes += 1
        if boxes > MOST_BOXES:
            raise MediaTimeoutError
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if not _BOX_LETTERS.issuperset(kind):
            return not has_index  # something foreign after the last box harms nobody
        if length == 1:
            wide = file.read(8)
            if len(wide) < 8:
                return True
            (length,) = struct.unpack(">Q", wide)
        elif length == 0:
            length = size - position
        if length < 8:
            return not has_index
        has_index = has_index or kind in (b"moov", b"moof")
        if position + length > size:
            return True
        position += length
    return not has_index


def _riff_cut_off(file: BinaryIO, size: int) -> bool:
    """The chunks of the first RIFF list; sizes of 0 and 2³²−1 are those of a stream written to a pipe."""
    file.seek(4)
    (length,) = struct.unpack("<I", file.read(4))
    return length not in (0, 0xFFFFFFFF) and 8 + length > size + 1
