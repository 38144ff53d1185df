"""Stereo sound in FLAC files of 16 bits, a file a block: as small as it gets without loss, read anywhere.

Sixteen bits are what the outputs have. Sound above full scale, as lossy coders make it, is kept at a scale
that the file names.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import soundfile

from octavia_assembler.sound import CHANNELS, Samples
from octavia_assembler.timeline import SAMPLE_RATE

_FULL = 32768
_SCALE = "scale="
_MOST_OPEN = 3
"""Files that are open at once: reading goes from front to back, over the edges of blocks."""


def write_exact(
    file: Path | BinaryIO,
    parts: Iterable[Samples],
    *,
    channels: int = CHANNELS,
    compression: float | None = None,
) -> None:
    """Keep (frames, channels) samples; what reads them gets them to 16 bits.

    The scale is that of the first part: of several, none may be louder than full scale and the first.
    `compression` is from 0 (quick) to 1 (small); None: the library's own.
    """
    scale = np.float32(1)
    with soundfile.SoundFile(
        str(file) if isinstance(file, Path) else file,
        "w",
        samplerate=SAMPLE_RATE,
        channels=channels,
        format="FLAC",
        subtype="PCM_16",
        compression_level=compression,
    ) as writer:
        for number, part in enumerate(parts):
            highest = np.abs(part).max(initial=np.float32(0))
            if number == 0 and highest > 1:
                scale = np.float32(highest)
                writer.comment = f"{_SCALE}{float(scale)!r}"
            whole = np.rint(part * (np.float32(_FULL) / scale))
            writer.write(np.clip(whole, -_FULL, _FULL - 1).astype(np.int16))


class ExactFile:
    """One such file. A context manager."""

    def __init__(self, file: Path | BinaryIO) -> None:
        self._file = soundfile.SoundFile(str(file) if isinstance(file, Path) else file)
        said = str(self._file.comment or "")
        self._scale = np.float32(said.removeprefix(_SCALE)) if said.startswith(_SCALE) else np.float32(1)

    @property
    def frames(self) -> int:
        return int(self._file.frames)

    def read(self, start: int, count: int) -> Samples:
        """`count` frames from `start`, fewer at the end; shaped (frames, channels)."""
        self._file.seek(start)
        found = self._file.read(count, dtype="int16", always_2d=True)
        return np.asarray(found.astype(np.float32) * (self._scale / np.float32(_FULL)))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BlockFiles:
    """The sound of a timeline from the files of its blocks; a block without a file is silence.

    Not for several threads at once. A context manager: it holds files open.
    """

    def __init__(self, paths: Mapping[int, Path], length: int) -> None:
        """`length` is that of a block, in samples."""
        self._paths = paths
        self._length = length
        self._open: OrderedDict[int, ExactFile] = OrderedDict()

    def read(self, start: int, count: int) -> Samples:
        """`count` frames from `start`, shaped (count, 2); what lies outside of all files is silence."""
        found = np.zeros((count, CHANNELS), dtype=np.float32)
        at = max(start, 0)
        while at < start + count:
            number, inside = divmod(at, self._length)
            wanted = min(start + count - at, self._length - inside)
            file = self._file(number)
            if file is not None and inside < file.frames:
                part = file.read(inside, wanted)
                found[at - start : at - start + len(part)] = part
            at += wanted
        return found

    def _file(self, number: int) -> ExactFile | None:
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        path = self._paths.get(number)
        if path is None:
            return None
        while len(self._open) >= _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        self._open[number] = ExactFile(path)
        return self._open[number]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()
