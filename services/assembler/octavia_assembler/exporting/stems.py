"""Sound alone: the dub's, its voice, and the source's without its speech."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from octavia_common.cancellation import CancelToken
from octavia_common.documents import DubResult
from octavia_common.media import MediaInfo, ffmpeg, probe

from octavia_assembler.exporting.order import Exported, ExportImpossibleError, Order
from octavia_assembler.exporting.sounds import copied, encoded, is_held
from octavia_assembler.rendering.lines import MARGIN_AFTER_SECONDS, MARGIN_BEFORE_SECONDS
from octavia_assembler.rendering.media import decode, limits_for, source_input
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.sound.ducking import Ducking, Envelope, Region, region_of
from octavia_assembler.sound.raw import RawSound, blocks
from octavia_assembler.timeline import SAMPLE_RATE


async def make_audio(order: Order, cancel: CancelToken) -> Exported:
    """The sound of the dub; its packets as they are where the container can hold them."""
    media = order.dubs[0].media
    if media is None:
        raise ExportImpossibleError("This job has no sound of its own: it made subtitles.")
    info = await probe(media, cancel=cancel)
    track = info.require_audio()
    how = copied if is_held(order.container, track.codec) else encoded
    return await _write(
        order,
        [*source_input(media, info), "-map", f"0:{track.index}", *how(order.container, 0)],
        info,
        cancel,
        tags="0",
    )


async def make_speech(order: Order, cancel: CancelToken) -> Exported:
    """What is spoken, on the clock of the video, without anything else."""
    speech = order.dubs[0].speech
    if speech is None:
        raise ExportImpossibleError("Nobody speaks in this video, so there is no voice of it.")
    info = await probe(speech, cancel=cancel)
    track = info.require_audio()
    how = copied if is_held(order.container, track.codec) else encoded
    inputs = [*source_input(speech, info), "-map", f"0:{track.index}"]
    return await _write(order, [*inputs, *how(order.container, 0)], info, cancel)


async def make_background(
    order: Order, cancel: CancelToken, *, ducking: Ducking, separator: Separator | None
) -> Exported:
    """The source's sound without its speech: as it lies under the dub, at the source's own level.

    The separator takes the voice out where there is one; else all of the sound makes way.
    """
    source, info = order.require_source()
    raw = order.scratch / "background.f32"
    await decode(source, info, raw, cancel)
    regions = list(spoken_regions(order.dubs[0].result))
    voice = None
    if separator is not None:
        voice = order.scratch / "voice.f32"
        await separator.run(SeparationRequest(raw, voice, regions), cancel)
    await asyncio.to_thread(_duck, raw, voice, Envelope(regions, ducking), cancel)
    inputs = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "2", "-i", f"file:{raw}", "-map", "0:a"]
    return await _write(order, [*inputs, *encoded(order.container, 0)], info, cancel)


def spoken_regions(result: DubResult) -> Iterator[Region]:
    """Where the source's speech is replaced, with the dub's margin around it, and where the dub speaks."""
    for line in result.segments:
        if line.audio is not None:
            yield region_of(max(line.start - MARGIN_BEFORE_SECONDS, 0.0), line.end + MARGIN_AFTER_SECONDS)
            yield region_of(line.placed_start, line.placed_end)


def _duck(raw: Path, voice: Path | None, envelope: Envelope, cancel: CancelToken) -> None:
    """Lower the sound, or its voice alone, in place."""
    with ExitStack() as files:
        sound = files.enter_context(RawSound(raw))
        own = files.enter_context(RawSound(voice)) if voice is not None else None
        for start, count in blocks(sound.frames):
            cancel.raise_if_cancelled()
            gain, heard = envelope.gain(start, count)[:, None], sound.read(start, count)
            lowered = heard * gain if own is None else heard - own.read(start, count) * (1 - gain)
            sound.write(start, lowered)


async def _write(
    order: Order, arguments: list[str], info: MediaInfo, cancel: CancelToken, tags: str = "-1"
) -> Exported:
    """Encode or copy one sound into the export's file. `tags` is where its tags come from."""
    output, container = order.scratch / "export", order.container
    await ffmpeg(
        *arguments, *("-vn", "-sn", "-dn"), *container.options,
        *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", tags, "-map_chapters", tags),
        *("-f", container.muxer, f"file:{output}"),
        limits=limits_for(info),
        cancel=cancel,
    )  # fmt: skip
    return Exported(output)
