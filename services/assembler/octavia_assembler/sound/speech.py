"""The dub's voice as one track: placed lines read from their FLAC files as they are needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from octavia_common.errors import TransientError

from octavia_assembler.sound import Samples
from octavia_assembler.timeline import SAMPLE_RATE, Placement

FADE = SAMPLE_RATE // 40
"""A line that had to be cut fades out over its last 25 ms."""


class SpokenLineError(TransientError):
    """A line's sound is not what its manifest promises."""

    code = "unusable_speech"


@dataclass(frozen=True)
class VoicedLine:
    """A placed line and the file of its sound."""

    placement: Placement
    path: Path


def samples_of(path: Path) -> int:
    """Length of a line's sound in samples. Raises SpokenLineError where it is not 48 kHz sound."""
    try:
        info = soundfile.info(str(path))
    except soundfile.SoundFileError as error:
        raise SpokenLineError(f"A spoken line cannot be read: {error}.") from None
    if info.samplerate != SAMPLE_RATE:
        raise SpokenLineError(f"A spoken line has {info.samplerate} samples a second, not {SAMPLE_RATE}.")
    return int(info.frames)


class SpeechTrack:
    """Mono samples of the whole timeline; holds one line's file open and a block in memory.

    Meant to be read from front to back; any order works.
    """

    def __init__(self, lines: Sequence[VoicedLine]) -> None:
        self._lines = sorted(lines, key=lambda line: line.placement.start)
        self._starts = np.array([line.placement.start for line in self._lines], dtype=np.int64)
        self._open: tuple[Path, soundfile.SoundFile] | None = None

    def read(self, start: int, count: int) -> Samples:
        """The `count` samples from `start`, shaped (count,); silence between lines."""
        track = np.zeros(count, dtype=np.float32)
        first = max(int(np.searchsorted(self._starts, start, side="right")) - 1, 0)
        last = int(np.searchsorted(self._starts, start + count, side="left"))
        for line in self._lines[first:last]:
            self._add(track, start, line)
        return track

    def _add(self, track: Samples, start: int, line: VoicedLine) -> None:
        placed = line.placement
        begin, end = max(placed.start, start), min(placed.end, start + len(track))
        if end <= begin:
            return
        file = self._file(line.path)
        file.seek(begin - placed.start)
        sound = file.read(end - begin, dtype="float32", always_2d=True).mean(axis=1, dtype=np.float32)
        if placed.cut:
            left = np.arange(placed.end - begin, placed.end - begin - len(sound), -1, dtype=np.float32)
            sound = sound * np.minimum(left / FADE, 1.0)
        track[begin - start : begin - start + len(sound)] += sound

    def _file(self, path: Path) -> soundfile.SoundFile:
        if self._open is None or self._open[0] != path:
            self.close()
            self._open = (path, soundfile.SoundFile(str(path)))
        return self._open[1]

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
