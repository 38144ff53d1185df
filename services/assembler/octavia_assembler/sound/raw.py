"""Raw files of 48 kHz stereo float samples, read and rewritten in blocks."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from octavia_assembler.sound import BLOCK, CHANNELS, Samples

FRAME_BYTES = CHANNELS * 4


class RawSound:
    """A file of interleaved little-endian float32 frames. A context manager: it holds the file open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("r+b")

    @property
    def frames(self) -> int:
        """Its length in frames."""
        return self.path.stat().st_size // FRAME_BYTES

    def resize(self, frames: int) -> None:
        """Cut off the end, or append silence (which takes no room on the disk)."""
        self._file.truncate(frames * FRAME_BYTES)

    def read(self, start: int, count: int) -> Samples:
        """`count` frames from `start`, shaped (count, 2); what lies outside the file is silence."""
        first, last = max(start, 0), min(start + count, self.frames)
        found = np.zeros((count, CHANNELS), dtype=np.float32)
        if last > first:
            self._file.seek(first * FRAME_BYTES)
            data = self._file.read((last - first) * FRAME_BYTES)
            found[first - start : last - start] = np.frombuffer(data, dtype="<f4").reshape(-1, CHANNELS)
        return found

    def write(self, start: int, samples: Samples) -> None:
        """Put frames, shaped (count, 2), in the place of those from `start`."""
        self._file.seek(start * FRAME_BYTES)
        self._file.write(raw_bytes(samples))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def raw_bytes(samples: Samples) -> bytes:
    """Frames as they lie in such a file."""
    return np.ascontiguousarray(samples, dtype="<f4").tobytes()


def blocks(frames: int) -> Iterator[tuple[int, int]]:
    """(start, count) of the blocks of a file of `frames` frames."""
    for start in range(0, frames, BLOCK):
        yield start, min(BLOCK, frames - start)
