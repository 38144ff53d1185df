"""The source's own voice, taken out block by block where it is to make way, and kept."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from octavia_common.cancellation import CancelToken

from octavia_assembler.rendering.kept import Kept, Recipe
from octavia_assembler.rendering.source import SourceSound
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.separation.blocks import CONTEXT, FADE
from octavia_assembler.sound.blocks import Block, Grid
from octavia_assembler.sound.ducking import Region
from octavia_assembler.sound.exact import BlockFiles, write_exact
from octavia_assembler.sound.mixing import stretches
from octavia_assembler.sound.raw import RawSound

AROUND = CONTEXT + FADE
"""Samples that a separator hears on either side of a block."""


class OwnVoice:
    """What a separator makes of a source. A block depends on the source alone, so no edit makes it again."""

    def __init__(
        self, separator: Separator, source: SourceSound, kept: Kept, scratch: Path, grid: Grid
    ) -> None:
        self._separator = separator
        self._source = source
        self._kept = kept
        self._folder = scratch / "own-voice"
        self._grid = grid
        self._here: dict[int, Path] = {}
        self._separating = asyncio.Lock()

    async def bring(self, numbers: Iterable[int], cancel: CancelToken) -> None:
        """Have the voice of these blocks here."""
        async with self._separating:
            await asyncio.to_thread(self._folder.mkdir, exist_ok=True)
            for number in numbers:
                if number not in self._here:
                    self._here[number] = await self._separated(self._grid[number], cancel)

    def files(self) -> BlockFiles:
        """What is here, to be read by one thread."""
        return BlockFiles(self._here, self._grid.length)

    async def _separated(self, block: Block, cancel: CancelToken) -> Path:
        path = self._folder / f"{block.number}.flac"
        around = range(block.number - 1, block.number + 2)
        recipe = Recipe(
            [self._source.facts.digest(number) for number in around],
            {
                "what": "own voice",
                "separator": how(self._separator),
                "length": self._grid.length,
                "ends": block.end - block.start,
            },
        )
        if await self._kept.find(recipe, path):
            return path
        await self._source.bring(around, cancel)
        first, last = max(block.start - AROUND, 0), min(block.end + AROUND, self._grid.total)
        sound, voice = self._folder / "sound.f32", self._folder / "voice.f32"
        await asyncio.to_thread(self._write, sound, first, last)
        inside = Region(block.start - first, block.end - first)
        await self._separator.run(SeparationRequest(sound, voice, (inside,)), cancel)
        await asyncio.to_thread(_cut_out, voice, inside, path)
        await self._kept.keep(recipe, path)
        return path

    def _write(self, path: Path, first: int, last: int) -> None:
        path.write_bytes(b"")
        with self._source.files() as source, RawSound(path) as sound:
            for start, count in stretches(first, last):
                sound.write(start - first, source.read(start, count))


def how(separator: Separator) -> dict[str, object]:
    """What a separation depends on, beside what it hears."""
    return {"engine": separator.name, "version": separator.version, **separator.params()}


def _cut_out(voice: Path, inside: Region, path: Path) -> None:
    with RawSound(voice) as sound:
        write_exact(path, [sound.read(inside.start, inside.end - inside.start)])
