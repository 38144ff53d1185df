"""The blocks of a language's sound: made where they are not kept, several at once, in flat memory."""

import asyncio
import io
import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from octavia_common.cancellation import CancelToken
from octavia_common.together import each

from octavia_assembler.rendering.coders import Coder
from octavia_assembler.rendering.coding import LEAD, TRAIL, encode
from octavia_assembler.rendering.containers import Container
from octavia_assembler.rendering.kept import Kept, Recipe
from octavia_assembler.rendering.scene import Scene
from octavia_assembler.sound import CHANNELS, Samples
from octavia_assembler.sound.balance import Balance, Measured
from octavia_assembler.sound.blocks import Block
from octavia_assembler.sound.exact import ExactFile, write_exact
from octavia_assembler.sound.limiter import CONTEXT, limited
from octavia_assembler.sound.loudness import Energies, peak_decibels
from octavia_assembler.sound.metering import metered
from octavia_assembler.sound.mixing import stretches

HIGHEST_DBTP = -1.1
"""EBU R128's -1 dBTP, less the tenth that ffmpeg's meter rounds to."""

LOSSY_MARGIN_DB = 0.9
LOSSLESS_MARGIN_DB = 0.2
"""Encoders raise peaks; most stay within this."""

MOST_ENCODES = 3

FOUND_AT_ONCE = 8
MADE_AT_ONCE = min(2, len(os.sched_getaffinity(0)))
"""Each takes some 100 MB, and a core for its encoder."""


@dataclass(frozen=True)
class MadeBlock:
    """A finished block in a file: packets where blocks are joined as such, else its sound without loss; the
    voice alone; and what the block measures as a player decodes it."""

    path: Path
    energies: Energies
    true_peak: float

    @property
    def sound(self) -> bytes:
        """Packets of a bare stream, or a FLAC file."""
        return self._bytes("sound")

    def voice(self) -> Samples:
        """The voice alone, shaped (frames, 1)."""
        return _flac_samples(self._bytes("voice"))

    def samples(self) -> Samples:
        """The sound, shaped (frames, 2), where it is kept without loss."""
        return _flac_samples(self.sound)

    def _bytes(self, name: str) -> bytes:
        with np.load(self.path) as arrays:
            return bytes(arrays[name].tobytes())

    @classmethod
    def read(cls, path: Path) -> "MadeBlock":
        with np.load(path) as arrays:
            return cls(path, arrays["energies"], float(arrays["true_peak"]))


class Blocks:
    """Makes the blocks of one scene for one container."""

    def __init__(
        self, scene: Scene, container: Container, kept: Kept, scratch: Path, cancel: CancelToken
    ) -> None:
        """Raises ValueError where blocks are no whole number of the coder's frames."""
        if container.joined is not None and scene.grid.length % container.joined.frame:
            raise ValueError(f"blocks of {scene.grid.length} samples cannot be joined in this coder")
        self._scene = scene
        self._container = container
        self._kept = kept
        self._folder = scratch / "blocks"
        self._cancel = cancel
        self._making = asyncio.Semaphore(MADE_AT_ONCE)

    @property
    def ceiling_dbtp(self) -> float:
        """What the limiter begins with."""
        return HIGHEST_DBTP - (LOSSLESS_MARGIN_DB if self._container.lossless else LOSSY_MARGIN_DB)

    async def measure(self) -> Measured:
        """The figures of the whole timeline, from those of its blocks."""
        await asyncio.to_thread(self._folder.mkdir, exist_ok=True)
        parts = await each(self._scene.grid, self._measured, at_once=FOUND_AT_ONCE)
        together = np.concatenate(parts, axis=1)
        return Measured(source=together[0], bed=together[1], voice=together[2], cross=together[3])

    async def make(self, gains: Balance, ceiling_dbtp: float) -> list[MadeBlock]:
        """All blocks at these gains, none higher than the ceiling before it is encoded."""

        async def made(block: Block) -> MadeBlock:
            return await self._made(block, gains, ceiling_dbtp)

        return await each(self._scene.grid, made, at_once=FOUND_AT_ONCE)

    async def _measured(self, block: Block) -> Energies:
        path = self._folder / f"figures-{block.number}.npy"
        recipe = self._scene.recipe(block, "figures", {})
        if not await self._kept.find(recipe, path):
            async with self._making:
                await self._scene.bring(block, self._cancel)
                await asyncio.to_thread(self._write_figures, block, path)
            await self._kept.keep(recipe, path)
        return np.asarray(await asyncio.to_thread(np.load, path))

    def _write_figures(self, block: Block, path: Path) -> None:
        with self._scene.mix(block) as mix:
            found = mix.measure(block.start, block.end, self._cancel)
        np.save(path, np.stack([found.source, found.bed, found.voice, found.cross]))

    async def _made(self, block: Block, gains: Balance, ceiling_dbtp: float) -> MadeBlock:
        path = self._folder / f"block-{block.number}.npz"
        recipe = self._recipe(block, gains, ceiling_dbtp)
        if not await self._kept.find(recipe, path):
            async with self._making:
                await self._scene.bring(block, self._cancel)
                await self._encode(block, gains, ceiling_dbtp, path)
            await self._kept.keep(recipe, path)
        return await asyncio.to_thread(MadeBlock.read, path)

    def _recipe(self, block: Block, gains: Balance, ceiling_dbtp: float) -> Recipe:
        return self._scene.recipe(
            block,
            "sound",
            {
                "gains": (gains.voice, gains.whole),
                "ceiling": ceiling_dbtp,
                "coder": self._container.joined.options if self._container.joined else None,
                "last": block.end == self._scene.grid.total,
            },
        )

    async def _encode(self, block: Block, gains: Balance, ceiling_dbtp: float, path: Path) -> None:
        """Limit and encode until no true peak is too high: an encoder may raise them."""
        mix, voice = await asyncio.to_thread(self._sum, block, gains)
        for left in reversed(range(MOST_ENCODES)):
            self._cancel.raise_if_cancelled()
            sound, energies, true_peak = await self._coded(block, mix, ceiling_dbtp)
            over = peak_decibels(true_peak) - HIGHEST_DBTP
            if left == 0 or over <= 0:
                break
            ceiling_dbtp -= over + 0.2
        await asyncio.to_thread(
            np.savez,
            path,
            sound=np.frombuffer(sound, np.uint8),
            voice=np.frombuffer(_flac(np.clip(voice, -1.0, 1.0)[:, None]), np.uint8),
            energies=energies,
            true_peak=np.float64(true_peak),
        )

    def _sum(self, block: Block, gains: Balance) -> tuple[Samples, Samples]:
        """The mix around a block, and the voice in the block."""
        first, last = block.start - LEAD - CONTEXT, block.end + TRAIL + CONTEXT
        both, voice = np.empty((last - first, CHANNELS), np.float32), np.empty(last - first, np.float32)
        with self._scene.mix(block) as mix:
            for start, count in stretches(first, last):
                self._cancel.raise_if_cancelled()
                here = slice(start - first, start - first + count)
                both[here], voice[here] = mix.read(start, count, gains)
        return both, voice[block.start - first : block.end - first]

    async def _coded(self, block: Block, mix: Samples, ceiling_dbtp: float) -> tuple[bytes, Energies, float]:
        """What goes into the output of a block, and how a player will hear it."""
        held = (await asyncio.to_thread(limited, mix, ceiling_dbtp))[CONTEXT:-CONTEXT]
        if self._container.joined is None:
            heard = held[: LEAD + block.end - block.start]
            sound = await asyncio.to_thread(_flac, heard[LEAD:])
            return sound, *await asyncio.to_thread(metered, heard, LEAD)
        last = block.end == self._scene.grid.total
        made = await encode(held, block, self._container.joined, last=last, cancel=self._cancel)
        return made.packets, *await asyncio.to_thread(metered, made.heard, made.before)


def write_voice(path: Path, blocks: list[MadeBlock]) -> None:
    """The voice alone, as mono FLAC of the whole timeline; blocks are read ahead, on another core."""
    with ThreadPoolExecutor(1) as reader:
        write_exact(path, _read_ahead(blocks, reader), channels=1, compression=0.0)


def _read_ahead(blocks: list[MadeBlock], reader: Executor) -> Iterator[Samples]:
    """The voice of each block, while that of the next is being read."""
    coming: Future[Samples] | None = None
    for block in blocks:
        ready, coming = coming, reader.submit(block.voice)
        if ready is not None:
            yield ready.result()
    if coming is not None:
        yield coming.result()


def write_packets(path: Path, blocks: list[MadeBlock], coder: Coder, *, priming: bool) -> None:
    """The packets of all blocks as one stream; without `priming` it begins with the first sample's."""
    first, *rest = blocks
    with path.open("wb") as file:
        file.writelines(coder.packets(first.sound)[0 if priming else coder.priming :])
        for block in rest:
            file.write(block.sound)


def read_samples(blocks: list[MadeBlock]) -> Iterator[Samples]:
    """The sound of all blocks, one after another, where it is kept without loss."""
    return (block.samples() for block in blocks)


def _flac(samples: Samples) -> bytes:
    file = io.BytesIO()
    write_exact(file, [samples], channels=samples.shape[1])
    return file.getvalue()


def _flac_samples(data: bytes) -> Samples:
    with ExactFile(io.BytesIO(data)) as file:
        return file.read(0, file.frames)
