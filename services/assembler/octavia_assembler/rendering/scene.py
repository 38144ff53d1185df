"""All that is heard on a timeline, and what of it a block is made of."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

from octavia_common.cancellation import CancelToken

from octavia_assembler.rendering.coding import LEAD, TRAIL
from octavia_assembler.rendering.kept import Recipe
from octavia_assembler.rendering.lines import PlacedLine, ducked, heard_samples
from octavia_assembler.rendering.renderer import Assembly
from octavia_assembler.rendering.separated import OwnVoice, how
from octavia_assembler.rendering.source import SourceSound
from octavia_assembler.separation.base import Separator
from octavia_assembler.sound.blocks import Block, Grid
from octavia_assembler.sound.ducking import Ducking, Envelope, Region
from octavia_assembler.sound.limiter import CONTEXT
from octavia_assembler.sound.mixing import SETTLE, Mix
from octavia_assembler.sound.speech import SpeechTrack, SpokenLineError, VoicedLine, samples_of
from octavia_assembler.timeline import SAMPLE_RATE

BEFORE = max(LEAD, SETTLE) + CONTEXT
AFTER = TRAIL + CONTEXT
"""How far around a block sound is read to make it."""

_FAR = 10 * SAMPLE_RATE
"""Further away than the background takes to fall or to come back (settings allow 5 s), so nothing heard
around a block depends on where a region begins or ends beyond."""


class Scene:
    """The source's sound and the lines over it. What a block needs is brought when it is to be made."""

    def __init__(
        self,
        assembly: Assembly,
        source: SourceSound,
        lines: tuple[PlacedLine, ...],
        grid: Grid,
        ducking: Ducking,
        separator: Separator | None,
    ) -> None:
        self.grid = grid
        self._assembly = assembly
        self.source = source
        self.lines = tuple(line for line in lines if line.voice is not None)
        self._ducking = ducking
        self._envelope = Envelope(ducked(lines), ducking)
        self._separator = separator
        self._own_voice = (
            OwnVoice(separator, source, assembly.kept, assembly.scratch, grid) if separator else None
        )

    async def bring(self, block: Block, cancel: CancelToken) -> None:
        """Have all here that `mix` reads around this block. Raises SpokenLineError."""
        around = self.grid.touched(block.start - BEFORE, block.end + AFTER)
        await self.source.bring(around, cancel)
        if self._own_voice is not None:
            await self._own_voice.bring([each for each in around if self._makes_way(self.grid[each])], cancel)
        near = self._near(block)
        await self._assembly.bring([line.segment.id for line in near])
        await asyncio.to_thread(_check, near)

    @contextmanager
    def mix(self, block: Block) -> Iterator[Mix]:
        """What sounds around a block, for one thread."""
        voices = [VoicedLine(line.placement, line.voice) for line in self._near(block) if line.voice]
        with ExitStack() as files:
            yield Mix(
                source=files.enter_context(self.source.files()),
                voice=files.enter_context(SpeechTrack(voices)),
                envelope=self._envelope,
                total=self.grid.total,
                own_voice=files.enter_context(self._own_voice.files()) if self._own_voice else None,
            )

    def recipe(self, block: Block, what: str, params: dict[str, Any]) -> Recipe:
        """What is made of the sound around a block, by these parameters; the same wherever the block lies."""
        first, last = block.start - BEFORE, block.end + AFTER
        around = range(block.number - 1, block.number + 2)
        near = self._near(block)
        return Recipe(
            [
                *(self.source.facts.digest(number) for number in around),
                *(self._assembly.digest(line.segment) for line in near),
            ],
            {
                "what": what,
                "lines": [_placed(line, block.start) for line in near],
                "ducked": [
                    (max(each.start, first - _FAR) - block.start, min(each.end, last + _FAR) - block.start)
                    for each in self._down(first, last)
                ],
                "ducking": asdict(self._ducking),
                "separator": how(self._separator) if self._separator else None,
                "first": block.number == 0,
                "length": block.end - block.start,
                "ends": min(self.grid.total, last) - block.start,
                **params,
            },
        )

    def _near(self, block: Block) -> list[PlacedLine]:
        # Placed lines are in order and do not overlap, so their ends are in order, too.
        first = bisect_right(self.lines, block.start - BEFORE, key=lambda line: line.placement.end)
        last = bisect_left(self.lines, block.end + AFTER, key=lambda line: line.placement.start)
        return list(self.lines[first:last])

    def _down(self, first: int, last: int) -> list[Region]:
        """Where the background is lowered, or on its way, between two samples."""
        attack = round(self._ducking.attack_seconds * SAMPLE_RATE)
        release = round(self._ducking.release_seconds * SAMPLE_RATE)
        regions = self._envelope.regions
        begin = bisect_right(regions, first - release, key=lambda region: region.end)
        end = bisect_left(regions, last + attack, key=lambda region: region.start)
        return list(regions[begin:end])

    def _makes_way(self, block: Block) -> bool:
        return bool(self._down(block.start, block.end))


def _placed(line: PlacedLine, origin: int) -> tuple[int, int, int]:
    placed = line.placement
    return placed.start - origin, placed.end - origin, placed.cut


def _check(lines: list[PlacedLine]) -> None:
    """Raises SpokenLineError where a line's sound is not as long as it was placed for."""
    for line in lines:
        if line.voice is not None and samples_of(line.voice) != heard_samples(line.segment):
            raise SpokenLineError("A spoken line is not as long as its manifest says.")
