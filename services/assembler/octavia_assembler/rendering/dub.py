"""The renderer: lays the spoken lines over the source's sound and under its picture."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from octavia_common.artifacts import sha256_of
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Loudness
from octavia_common.errors import EngineUnavailableError
from octavia_common.media import MediaInfo, probe
from octavia_common.together import together

from octavia_assembler.rendering.captions import make_captions, write_tracks
from octavia_assembler.rendering.containers import choose, read_head
from octavia_assembler.rendering.lines import (
    dubbed_speech,
    notes,
    place_lines,
    source_speech,
)
from octavia_assembler.rendering.made import Blocks, MadeBlock, write_packets, write_voice
from octavia_assembler.rendering.mastering import encode_whole, master, master_whole
from octavia_assembler.rendering.media import Meter, Mux, measure
from octavia_assembler.rendering.renderer import Assembly, Rendered
from octavia_assembler.rendering.scene import Scene
from octavia_assembler.rendering.separated import how
from octavia_assembler.rendering.source import SourceSound, digest_of
from octavia_assembler.separation.base import Separator
from octavia_assembler.sound.balance import balance
from octavia_assembler.sound.blocks import BLOCK, Grid
from octavia_assembler.sound.ducking import Ducking
from octavia_assembler.sound.loudness import peak_decibels
from octavia_assembler.sound.mixing import hops_of
from octavia_assembler.timeline import SAMPLE_RATE, at_sample


@dataclass(frozen=True)
class Heard:
    """What the source's sound measured, and the output's, and how loud each of its lines is, by its id."""

    source: Meter
    output: Meter
    voice_gain_db: float | None = None

    def notes(self) -> Iterator[str]:
        """Why the output is not as loud as promised, where it is not."""
        if self.source.lufs is not None and self.output.lufs is not None:
            quieter = self.source.lufs - self.output.lufs
            if quieter > 1:
                yield (
                    f"It is {quieter:.1f} LU quieter than its source, "
                    "whose peaks are higher than EBU R128 allows."
                )


class DubRenderer:
    """Lowers the source's sound or voice under the dub, matches its loudness and copies its picture."""

    name = "dub"
    version = "4"

    def __init__(
        self, ducking: Ducking, separator: Separator | None = None, *, block_samples: int = BLOCK
    ) -> None:
        """`separator` is started and closed with the renderer; None: all of the source's sound is lowered.

        `block_samples` is the length of the blocks that sound is made and kept in.
        """
        self._ducking = ducking
        self._separator = separator
        self._block = block_samples

    @property
    def params(self) -> Mapping[str, Any]:
        own = {**asdict(self._ducking), "block_samples": self._block}
        return own if self._separator is None else {**own, "separator": how(self._separator)}

    async def start(self) -> None:
        for program in ("ffmpeg", "ffprobe"):
            if await asyncio.to_thread(shutil.which, program) is None:
                raise EngineUnavailableError(f"The program {program} is missing; install the package ffmpeg.")
        if self._separator is not None:
            await self._separator.start()

    async def close(self) -> None:
        if self._separator is not None:
            await self._separator.close()

    async def render(self, assembly: Assembly, cancel: CancelToken) -> Rendered:
        info = (await probe(assembly.source, cancel=cancel)).first(assembly.seconds)
        choice = choose(info, await asyncio.to_thread(read_head, assembly.source))
        source = None
        if assembly.voices or not choice.same:
            source = await self._open_source(assembly, info, cancel)
        total = _total_samples(info, source)
        lines = place_lines(assembly, total)
        segments = tuple(line.described() for line in lines)
        frame_rate = info.video.fps if info.video else None
        cues = await asyncio.to_thread(make_captions, assembly, segments, frame_rate, total / SAMPLE_RATE)
        mux = Mux(
            source=assembly.source,
            info=info,
            container=choice.container,
            raw=None,
            language=assembly.target_language if assembly.voices else assembly.source_language,
            subtitles=await asyncio.to_thread(write_tracks, assembly.scratch, cues, choice.container),
        )
        output, stem = assembly.scratch / "media", assembly.scratch / "speech.flac"
        if source is None:
            heard = await _keep_own_sound(mux, output, cancel)
        else:
            scene = Scene(assembly, source, lines, Grid(total, self._block), self._ducking, self._separator)
            heard = await self._dub(scene, mux, assembly, stem, output, cancel)
        return Rendered(
            media=output,
            media_type=choice.container.media_type,
            speech_only=stem if assembly.voices else None,
            duration_seconds=total / SAMPLE_RATE,
            segments=segments,
            cues=cues,
            loudness=Loudness(
                source_lufs=heard.source.lufs,
                output_lufs=heard.output.lufs,
                output_true_peak_dbtp=heard.output.true_peak_dbtp,
            ),
            notes=(*notes(lines), *heard.notes()),
            frame_rate=frame_rate,
            voice_gain_db=heard.voice_gain_db,
        )

    async def _open_source(self, assembly: Assembly, info: MediaInfo, cancel: CancelToken) -> SourceSound:
        digest = assembly.source_sha256 or await asyncio.to_thread(digest_of, assembly.source)
        if info.only_seconds is not None:
            # The beginning of a file is another sound than the whole: what is kept of one is not the other's.
            digest = sha256_of(f"{digest} {info.only_seconds}".encode())
        source = SourceSound(assembly.source, digest, info, assembly.kept, assembly.scratch, self._block)
        await source.open(cancel)
        return source

    async def _dub(
        self, scene: Scene, mux: Mux, assembly: Assembly, stem: Path, output: Path, cancel: CancelToken
    ) -> Heard:
        heard: Heard
        _, heard = await together(
            scene.source.keep(), self._mix_and_mux(scene, mux, assembly, stem, output, cancel)
        )
        await scene.source.keep()  # what was no longer kept, and had to be decoded once more
        return heard

    async def _mix_and_mux(
        self, scene: Scene, mux: Mux, assembly: Assembly, stem: Path, output: Path, cancel: CancelToken
    ) -> Heard:
        blocks = Blocks(scene, mux.container, assembly.kept, assembly.scratch, cancel)
        wanted = scene.source.facts.lufs
        measured = await blocks.measure()
        gains = balance(
            measured,
            source_lufs=wanted,
            spoken=hops_of(source_speech(scene.lines)),
            placed=hops_of(dubbed_speech(scene.lines)),
        )
        container = mux.container
        if container.joined is None and not container.lossless:
            mastered = await master_whole(blocks, gains, wanted, mux, output, cancel)
            writing = []
        else:
            mastered = await master(blocks, gains, wanted)
            writing = [_write(mux, mastered.blocks, assembly.scratch, output, cancel)]
        if assembly.voices:
            writing.append(asyncio.to_thread(write_voice, stem, mastered.blocks))
        await together(*writing)
        gain_db = peak_decibels(mastered.gains.voice * mastered.gains.whole)
        return Heard(Meter(wanted), mastered.meter, voice_gain_db=gain_db)


async def _write(mux: Mux, blocks: list[MadeBlock], scratch: Path, output: Path, cancel: CancelToken) -> None:
    """Put the sound of the blocks under the picture."""
    coder = mux.container.joined
    if coder is None:
        await encode_whole(mux, blocks, output, cancel)
        return
    packets = scratch / "packets"
    await asyncio.to_thread(write_packets, packets, blocks, coder, priming=mux.container.keeps_priming)
    await replace(mux, packets=packets).write(output, cancel)


async def _keep_own_sound(mux: Mux, output: Path, cancel: CancelToken) -> Heard:
    """Mux with the source's own packets."""
    await mux.write(output, cancel)
    found = await measure(output, mux.info, cancel)
    return Heard(replace(found, true_peak_dbtp=None), found)


def _total_samples(info: MediaInfo, source: SourceSound | None) -> int:
    """The output's length: the source's, to the sample where it is only sound."""
    if info.video is None and source is not None:
        return source.facts.samples
    length = info.duration_seconds
    if info.container == "matroska":
        length -= info.start_seconds  # Matroska states the end, not the length
    return at_sample(length)
