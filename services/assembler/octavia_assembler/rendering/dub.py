"""The renderer: lays the spoken lines over the source's sound and under its picture."""

import asyncio
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from octavia_common.cancellation import CancelToken
from octavia_common.documents import Loudness
from octavia_common.errors import EngineUnavailableError
from octavia_common.media import MediaInfo, probe

from octavia_assembler.rendering.captions import make_captions, write_tracks
from octavia_assembler.rendering.containers import choose, read_head
from octavia_assembler.rendering.lines import (
    PlacedLine,
    dubbed_speech,
    ducked,
    notes,
    place_lines,
    source_speech,
    voiced,
)
from octavia_assembler.rendering.mastering import master
from octavia_assembler.rendering.media import Meter, Mux, decode, measure
from octavia_assembler.rendering.renderer import Assembly, Rendered
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.sound.ducking import Ducking, Envelope
from octavia_assembler.sound.mixing import Mix
from octavia_assembler.sound.raw import FRAME_BYTES, RawSound
from octavia_assembler.sound.speech import SpeechTrack
from octavia_assembler.timeline import SAMPLE_RATE, at_sample


@dataclass(frozen=True)
class Heard:
    """What the source's sound measured, and the output's."""

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
    version = "2"

    def __init__(self, ducking: Ducking, separator: Separator | None = None) -> None:
        """`separator` is started and closed with the renderer; None: all of the source's sound is lowered."""
        self._ducking = ducking
        self._separator = separator

    @property
    def params(self) -> Mapping[str, Any]:
        separator = self._separator
        if separator is None:
            return asdict(self._ducking)
        how = {"engine": separator.name, "version": separator.version, **separator.params()}
        return {**asdict(self._ducking), "separator": how}

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
        info = await probe(assembly.source, cancel=cancel)
        choice = choose(info, await asyncio.to_thread(read_head, assembly.source))
        raw = assembly.scratch / "sound.f32"
        source = None
        if assembly.voices or not choice.same:
            source = await decode(assembly.source, info, raw, cancel)
        total = _total_samples(info, raw)
        lines = await asyncio.to_thread(place_lines, assembly, total)
        segments = tuple(line.described() for line in lines)
        frame_rate = info.video.fps if info.video else None
        cues = await asyncio.to_thread(make_captions, assembly, segments, frame_rate, total / SAMPLE_RATE)
        mux = Mux(
            source=assembly.source,
            info=info,
            container=choice.container,
            raw=raw if source else None,
            language=assembly.target_language if assembly.voices else assembly.source_language,
            subtitles=await asyncio.to_thread(write_tracks, assembly.scratch, cues, choice.container),
        )
        output, stem = assembly.scratch / "media", assembly.scratch / "speech.flac"
        if assembly.voices and source:
            heard = await self._dub(mux, source, lines, total, stem, output, cancel)
        else:
            heard = await _keep_own_sound(mux, source, output, cancel)
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

    async def _dub(
        self,
        mux: Mux,
        source: Meter,
        lines: tuple[PlacedLine, ...],
        total: int,
        stem: Path,
        output: Path,
        cancel: CancelToken,
    ) -> Heard:
        assert mux.raw is not None
        with ExitStack() as files:
            sound = files.enter_context(RawSound(mux.raw))
            voice = files.enter_context(SpeechTrack(voiced(lines)))
            sound.resize(total)
            own = await self._separate(mux.raw, lines, cancel)
            mix = Mix(
                source=sound,
                voice=voice,
                envelope=Envelope(ducked(lines), self._ducking),
                spoken=source_speech(lines),
                placed=dubbed_speech(lines),
                own_voice=files.enter_context(RawSound(own)) if own else None,
            )
            gains = await asyncio.to_thread(mix.find_balance, source.lufs, cancel)
            await asyncio.to_thread(mix.write, gains, stem, cancel)
            mastered = await master(mux, sound, source.lufs, output, cancel)
            return Heard(source, mastered, voice_gain_db=20 * math.log10(gains.voice * gains.whole))

    async def _separate(self, raw: Path, lines: tuple[PlacedLine, ...], cancel: CancelToken) -> Path | None:
        """The file of the source's own voice, as far as it is to make way."""
        if self._separator is None:
            return None
        voice = raw.with_name("voice.f32")
        await self._separator.run(SeparationRequest(raw, voice, ducked(lines)), cancel)
        return voice


async def _keep_own_sound(mux: Mux, source: Meter | None, output: Path, cancel: CancelToken) -> Heard:
    """Mux with the source's own sound, its packets copied where the container is the same."""
    await mux.write(output, cancel)
    found = await measure(output, mux.info, cancel)
    return Heard(source or replace(found, true_peak_dbtp=None), found)


def _total_samples(info: MediaInfo, raw: Path) -> int:
    """The output's length: the source's, to the sample where it is only sound."""
    if info.video is None and raw.exists():
        return raw.stat().st_size // FRAME_BYTES
    length = info.duration_seconds
    if info.container == "matroska":
        length -= info.start_seconds  # Matroska states the end, not the length
    return at_sample(length)
