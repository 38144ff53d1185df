"""The sound of a source in blocks: decoded once, kept, and read from the kept blocks ever after."""

import asyncio
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from octavia_common.cancellation import CancelToken
from octavia_common.media import MediaInfo
from octavia_common.together import each

from octavia_assembler.rendering.kept import Kept, Recipe
from octavia_assembler.rendering.media import decode
from octavia_assembler.sound.exact import BlockFiles, write_exact
from octavia_assembler.sound.raw import FRAME_BYTES

AT_ONCE = 8
"""Blocks on their way to or from where they are kept."""


@dataclass(frozen=True)
class SourceFacts:
    """Its length in samples, its loudness as it is, and the digest of each of its blocks."""

    samples: int
    lufs: float | None
    digests: tuple[str, ...]

    def digest(self, number: int) -> str:
        """The digest of a block; empty where the source has no such block."""
        return self.digests[number] if 0 <= number < len(self.digests) else ""


class SourceSound:
    """48 kHz stereo sound of one source file, on its clock."""

    def __init__(
        self, path: Path, sha256: str, info: MediaInfo, kept: Kept, scratch: Path, length: int
    ) -> None:
        """`length` is that of a block in samples; files go to `scratch`."""
        self._path = path
        self._sha256 = sha256
        self._info = info
        self._kept = kept
        self._folder = scratch / "source-blocks"
        self._length = length
        self._here: dict[int, Path] = {}
        self._decoding = asyncio.Lock()
        self._facts: SourceFacts | None = None
        self._is_new = False

    @property
    def facts(self) -> SourceFacts:
        """Known once it is open."""
        assert self._facts is not None
        return self._facts

    async def open(self, cancel: CancelToken) -> None:
        """Learn the facts, by decoding all of it where it never was. Raises a MediaError."""
        await asyncio.to_thread(self._folder.mkdir, exist_ok=True)
        file = self._folder / "facts.json"
        if await self._kept.find(self._recipe("facts"), file):
            found = json.loads(await asyncio.to_thread(file.read_text))
            self._facts = SourceFacts(found["samples"], found["lufs"], tuple(found["digests"]))
        else:
            await self._decode(cancel)

    async def bring(self, numbers: Iterable[int], cancel: CancelToken) -> None:
        """Have these blocks here, as far as the source has them; what is no longer kept is decoded again."""
        wanted = [number for number in numbers if self.facts.digest(number)]
        if all(number in self._here for number in wanted):
            return
        async with self._decoding:
            missing = [number for number in wanted if number not in self._here]
            found = await each(missing, self._find, at_once=AT_ONCE)
            if not all(found):
                await self._decode(cancel)

    def files(self) -> BlockFiles:
        """What is here, to be read by one thread."""
        return BlockFiles(self._here, self._length)

    async def keep(self) -> None:
        """Keep what was decoded since the last time, and the facts after it."""
        if not self._is_new:
            return
        self._is_new = False
        await each(list(self._here), self._keep, at_once=AT_ONCE)
        file = self._folder / "facts.json"
        facts = self.facts
        said = {"samples": facts.samples, "lufs": facts.lufs, "digests": facts.digests}
        await asyncio.to_thread(file.write_text, json.dumps(said))
        await self._kept.keep(self._recipe("facts"), file)

    def _recipe(self, what: str, number: int = -1) -> Recipe:
        params = {
            "what": f"source {what}",
            "number": number,
            "length": self._length,
            "only_seconds": self._info.only_seconds,
        }
        return Recipe([self._sha256], params)

    async def _find(self, number: int) -> bool:
        path = self._folder / f"{number}.flac"
        if not await self._kept.find(self._recipe("block", number), path):
            return False
        self._here[number] = path
        return True

    async def _keep(self, number: int) -> None:
        await self._kept.keep(self._recipe("block", number), self._here[number])

    async def _decode(self, cancel: CancelToken) -> None:
        """Decode everything through a pipe, in flat memory, into the files of blocks."""
        read_end, write_end = os.pipe()
        taking = asyncio.ensure_future(asyncio.to_thread(self._take, read_end))
        try:
            meter = await decode(self._path, self._info, write_end, cancel)
        finally:
            os.close(write_end)
            samples, digests = await taking
        self._is_new = True
        if self._facts is None:
            self._facts = SourceFacts(samples, meter.lufs, digests)

    def _take(self, read_end: int) -> tuple[int, tuple[str, ...]]:
        samples, digests = 0, list[str]()
        with os.fdopen(read_end, "rb") as pipe:
            while data := pipe.read(self._length * FRAME_BYTES):
                block = np.frombuffer(data, dtype="<f4", count=len(data) // 8 * 2).reshape(-1, 2)
                path = self._folder / f"{len(digests)}.flac"
                write_exact(path, [block])
                digests.append(digest_of(path))
                self._here[len(digests) - 1] = path
                samples += len(block)
        return samples, tuple(digests)


def digest_of(path: Path) -> str:
    """The sha256 digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
