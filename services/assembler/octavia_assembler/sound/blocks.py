"""The timeline cut into blocks: what is made of one is kept, and made again only when it changes."""

from collections.abc import Iterator
from dataclasses import dataclass

from octavia_assembler.sound.loudness import HOP

AAC_FRAME, MP3_FRAME, OPUS_FRAME = 1024, 1152, 960
"""Samples in a frame of each coder."""

BLOCK = 1_612_800
"""33.6 s: a whole number of frames of each coder, and of the hops that loudness is measured in. What one
changed line costs is a block or two; what a block costs beside its sound is two runs of ffmpeg."""


@dataclass(frozen=True)
class Block:
    """Samples `start..end` of the timeline, end excluded."""

    number: int
    start: int
    end: int


class Grid:
    """The blocks of a timeline of `total` samples; there is at least one."""

    def __init__(self, total: int, length: int = BLOCK) -> None:
        """Raises ValueError where `length` does not fit the frames of AAC, or the hops."""
        if length % AAC_FRAME or length % HOP:
            raise ValueError(f"a block of {length} samples does not fit frames and hops")
        self.total = total
        self.length = length

    def __len__(self) -> int:
        return max(1, -(-self.total // self.length))

    def __iter__(self) -> Iterator[Block]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> Block:
        start = number * self.length
        return Block(number, start, min(start + self.length, self.total))

    def touched(self, start: int, end: int) -> range:
        """Numbers of the blocks in which samples `start..end` lie, as far as they lie on the timeline."""
        first, last = max(start, 0), min(end, self.total)
        return range(first // self.length, -(-last // self.length)) if last > first else range(0)
