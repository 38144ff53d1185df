"""Subtitles burnt into the picture: drawn by libass in fonts of the script, the right way round."""

import asyncio
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import structlog
from octavia_common.cancellation import CancelToken
from octavia_common.errors import PermanentError
from octavia_common.media import MediaInfo, ToolLimits, ToolTimeoutError, ffmpeg, probe
from octavia_common.media.sandbox import GIB
from octavia_subtitles.rules import Rules
from octavia_subtitles.substation import Look, to_ass

from octavia_assembler.exporting.fonts import font_of, font_settings
from octavia_assembler.exporting.looking import look
from octavia_assembler.exporting.order import Dub, Exported, ExportImpossibleError, Order
from octavia_assembler.exporting.sounds import copied, encoded, is_held
from octavia_assembler.rendering.containers import Container
from octavia_assembler.rendering.languages import language_name, track_language
from octavia_assembler.rendering.media import source_input

log = structlog.get_logger(__name__)

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18")
"""Hardly to be told from the source, by x264's own guide."""
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1", "-crf", "24", "-b:v", "0")

MOST_THREADS = 8
"""Each holds frames of its own: more bring little here, and take memory on large machines."""

FULL_HD = 1920 * 1080

_NO_GLYPH = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")


class BurningTooLongError(PermanentError):
    """The picture is more than can be encoded in the time that one export may take."""

    code = "export_too_long"

    def __init__(self, minutes: float) -> None:
        super().__init__(
            f"Burning subtitles into this video takes longer than the {minutes:.0f} minutes that one export "
            "may take here. Export it with soft subtitles (kind tracks), or burn them into a shorter part."
        )


async def burn(order: Order, cancel: CancelToken, *, most_seconds: float) -> Exported:
    """Encode the picture of the dub, or of the source where nothing was dubbed, with its subtitles.

    Its sound is copied where the container can hold it. Raises ExportImpossibleError where there is no
    picture, BurningTooLongError where `most_seconds` do not suffice.
    """
    dub = order.dubs[0]
    picture, info = await _picture(order, dub, cancel)
    if info.video is None:
        raise ExportImpossibleError("Subtitles can be burnt into videos with a picture alone.")
    width, height = info.video.width, info.video.height
    if info.video.rotation % 180:
        width, height = height, width
    asked = order.subtitles
    content, position = (asked.content, asked.position) if asked else ("target", "bottom")
    cues = dub.subtitles(content, Rules.for_frame_rate(info.video.fps))
    above: Collection[int] = ()
    if position == "auto":
        seen = await look(picture, info, cues, order.scratch, cancel)
        above = frozenset(place for place, found in enumerate(seen) if found.better_above)
    language = dub.result.source_language if content == "source" else dub.language
    shape = Look.for_picture(
        width, height, font=font_of(language), at_top=position == "top", own_direction=True
    )
    script = order.scratch / "burnt.ass"
    await asyncio.to_thread(script.write_text, to_ass(cues, shape, above=above), encoding="utf-8")
    output = order.scratch / "export"
    said = await _encode(order, picture, info, script, output, cancel, most_seconds)
    return Exported(output, tuple(_notes(said, len(above), len(cues))))


async def _picture(order: Order, dub: Dub, cancel: CancelToken) -> tuple[Path, MediaInfo]:
    if dub.media is not None:
        return dub.media, await probe(dub.media, cancel=cancel)
    return order.require_source()


async def _encode(
    order: Order,
    picture: Path,
    info: MediaInfo,
    script: Path,
    output: Path,
    cancel: CancelToken,
    most_seconds: float,
) -> str:
    """What ffmpeg and libass said."""
    container, video = order.container, info.video
    assert video is not None
    inputs, maps, sound = source_input(picture, info), ["-map", f"0:{video.index}"], []
    if info.audio:
        track = info.require_audio()
        held = is_held(container, track.codec)
        if held or not container.sound_delay_seconds:
            maps += ["-map", f"0:{track.index}"]
        else:
            delay = f"{container.sound_delay_seconds:.7f}"
            inputs += source_input(picture, info, "-itsoffset", delay)
            maps += ["-map", f"1:{track.index}"]
        sound = copied(container, 0) if held else encoded(container, 0)
        sound += ["-disposition:a:0", "default", *_names(container, order.dubs[0], order.source_language)]
    try:
        result = await ffmpeg(
            *("-loglevel", "warning"), *inputs, *maps,
            *("-vf", f"ass=filename={filter_value(script)}:shaping=complex,pad=ceil(iw/2)*2:ceil(ih/2)*2"),
            *(VP9 if container.muxer == "webm" else H264),
            *("-pix_fmt", "yuv420p", "-threads", str(min(MOST_THREADS, os.cpu_count() or 1))),
            # Frames keep their own times: a picture of changing speed stays with its sound.
            *("-fps_mode:v", "vfr", "-enc_time_base:v", "-1"),
            *sound, *container.options,
            *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
            *("-map_metadata", "0", "-map_chapters", "0", "-f", container.muxer, f"file:{output}"),
            limits=burning_limits(info, most_seconds),
            cancel=cancel,
            env=await asyncio.to_thread(font_settings, order.scratch),
        )  # fmt: skip
    except ToolTimeoutError:
        raise BurningTooLongError(most_seconds / 60) from None
    return result.stderr


def burning_limits(info: MediaInfo, most_seconds: float) -> ToolLimits:
    """Room to encode a picture of this size and length: at most so many seconds, memory by its frames."""
    pixels = info.video.width * info.video.height if info.video else 0
    # libx264 and the decoder hold some frames a thread; the program itself takes a part of a GiB.
    memory = 2 * GIB + pixels * 3 // 2 * 12 * MOST_THREADS
    return ToolLimits(
        seconds=most_seconds,
        memory_bytes=memory + 4 * GIB,
        data_bytes=memory,
        # At this quality far below a quarter of a byte for each pixel of a frame.
        file_bytes=int(info.size_bytes * 4 + (info.duration_seconds + 60) * max(pixels, FULL_HD) * 4),
    )


def filter_value(path: Path) -> str:
    """A path as the value of a filter's option: escaped once for the option, once for the graph."""
    option = re.sub(r"([\\':])", r"\\\1", str(path))
    return re.sub(r"([\\'\[\],;])", r"\\\1", option)


def _names(container: Container, dub: Dub, source_language: str) -> list[str]:
    language = dub.language if dub.media is not None else source_language
    tags = (f"language={track_language(language)}", f"{container.name_tag}={language_name(language)}")
    return [part for tag in tags for part in ("-metadata:s:a:0", tag)]


def _notes(said: str, above: int, cues: int) -> Iterator[str]:
    if above:
        yield f"{above} of {cues} subtitles stand at the top: something is burnt in already at the bottom."
    letters = sorted({chr(int(code, 16)) for code in _NO_GLYPH.findall(said)})
    if letters:
        log.warning("burnt subtitles lack a font", letters=_points(letters))
        yield f"There is no font here for these letters, which are shown as boxes: {_points(letters)}."


def _points(letters: Sequence[str]) -> str:
    return ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in letters[:20])
