"""Cuts the timeline into blocks that a model can be given: only where speech is, with context, overlapping.

A block's `start..end` is kept of what the model makes of `first..last`. Blocks of one stretch overlap by
`FADE`, over which one gives way to the next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from octavia_assembler.sound import Samples
from octavia_assembler.sound.ducking import Region, merge
from octavia_assembler.timeline import SAMPLE_RATE

BLOCK = 60 * SAMPLE_RATE
"""Longest block: 23 MB of sound, some 200 MB inside a model of four stems."""

CONTEXT = 2 * SAMPLE_RATE
"""What a model hears before and after: at an edge it hears voices worse."""

FADE = SAMPLE_RATE // 2
"""Over half a second one block gives way to the next, and at the ends of a stretch the voice to nothing."""


@dataclass(frozen=True)
class Block:
    """Samples, ends excluded: `first..last` go into the model, `start..end` of the answer are used."""

    first: int
    start: int
    end: int
    last: int

    def weights(self) -> Samples:
        """How much of the answer counts, over `start..end`: it fades in and out, and blocks add up to 1."""
        length = self.end - self.start
        rising = (np.arange(length, dtype=np.float32) + 0.5) / FADE
        return np.minimum(1.0, np.minimum(rising, rising[::-1])).astype(np.float32)


def blocks_of(regions: Sequence[Region], total: int) -> Iterator[Block]:
    """The blocks that cover all regions at full weight, in order; near regions share a block."""
    wide = [Region(region.start - FADE, region.end + FADE) for region in regions]
    for stretch in merge(wide, closer_than=2 * CONTEXT):
        length = stretch.end - stretch.start - FADE
        count = max(1, -(-length // (BLOCK - FADE)))
        for number in range(count):
            start = stretch.start + length * number // count
            end = stretch.start + length * (number + 1) // count + FADE
            if start < total:
                yield Block(max(0, start - CONTEXT), start, end, min(total, end + CONTEXT))
