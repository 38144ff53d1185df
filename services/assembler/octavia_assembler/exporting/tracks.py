"""Dubs as sound tracks beside the source's own, and soft subtitles, in one file; the picture is copied."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from octavia_common.cancellation import CancelToken
from octavia_common.events import ExportSubtitles
from octavia_common.media import MediaInfo, ffmpeg, probe
from octavia_subtitles.rules import Cue, Rules
from octavia_subtitles.writing import to_srt, to_vtt

from octavia_assembler.exporting.order import Exported, ExportImpossibleError, Order
from octavia_assembler.exporting.sounds import copied, encoded, is_held
from octavia_assembler.rendering.containers import Container
from octavia_assembler.rendering.languages import language_name, track_language
from octavia_assembler.rendering.media import SubtitleTrack, limits_for, source_input


@dataclass(frozen=True)
class SoundTrack:
    """A sound track of the output: where it comes from, and how players list it."""

    path: Path
    info: MediaInfo
    language: str
    name: str
    disposition: str

    def input(self, container: Container) -> list[str]:
        """The arguments that open it; an encoder that starts early is fed later."""
        if is_held(container, self.codec) or not container.sound_delay_seconds:
            return source_input(self.path, self.info)
        return source_input(self.path, self.info, "-itsoffset", f"{container.sound_delay_seconds:.7f}")

    @property
    def codec(self) -> str:
        return self.info.require_audio().codec


async def make_tracks(order: Order, cancel: CancelToken) -> Exported:
    """Mux everything in one run; nothing is encoded that the container can hold as it is.

    Raises ExportImpossibleError where the source has no picture.
    """
    source, info = order.require_source()
    if info.video is None:
        raise ExportImpossibleError("Tracks beside the original need a video with a picture.")
    container = order.container
    sounds = await _sounds(order, cancel)
    subtitles = await asyncio.to_thread(_write_subtitles, order, info)
    output = order.scratch / "export"
    inputs, maps, options = source_input(source, info), ["-map", f"0:{info.video.index}"], ["-c:v", "copy"]
    for place, sound in enumerate(sounds):
        inputs += sound.input(container)
        maps += ["-map", f"{place + 1}:{sound.info.require_audio().index}"]
        how = copied if is_held(container, sound.codec) else encoded
        options += [*how(container, place), f"-disposition:a:{place}", sound.disposition]
        options += _names(container, f"a:{place}", sound.language, sound.name)
    for place, track in enumerate(subtitles):
        inputs += ["-f", track.demuxer, "-i", f"file:{track.path}"]
        maps += ["-map", f"{1 + len(sounds) + place}:s"]
        options += [f"-disposition:s:{place}", "0"]
        options += _names(container, f"s:{place}", track.language, track.name)
    if subtitles and container.subtitle_codec is not None:
        options += ["-c:s", container.subtitle_codec]
    size = sum(await asyncio.gather(*(asyncio.to_thread(_size, sound.path) for sound in sounds)))
    await ffmpeg(
        *inputs, *maps, *options, *container.options,
        *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "0", "-map_chapters", "0"),
        *("-f", container.muxer, f"file:{output}"),
        limits=limits_for(info.model_copy(update={"size_bytes": info.size_bytes + size})),
        cancel=cancel,
    )  # fmt: skip
    return Exported(output)


async def _sounds(order: Order, cancel: CancelToken) -> list[SoundTrack]:
    """The dubs, the first of which plays by default, then the source's own."""
    source, info = order.require_source()
    sounds: list[SoundTrack] = []
    for dub in order.dubs:
        if dub.media is not None:
            found = await probe(dub.media, cancel=cancel)
            name = language_name(dub.language)
            disposition = "dub" if sounds else "default+dub"
            sounds.append(SoundTrack(dub.media, found, dub.language, name, disposition))
    if info.audio:
        name = f"{language_name(order.source_language)} (original)"
        disposition = "original" if sounds else "default+original"
        sounds.append(SoundTrack(source, info, order.source_language, name, disposition))
    return sounds


def _size(path: Path) -> int:
    return path.stat().st_size


def _write_subtitles(order: Order, info: MediaInfo) -> list[SubtitleTrack]:
    """Files of the subtitles wanted; none where the container has no room for any."""
    if order.container.subtitle_codec is None:
        return []
    rules = Rules.for_frame_rate(info.video.fps if info.video else None)
    written: list[SubtitleTrack] = []
    for language, name, cues in _wanted(order, rules):
        # SubRip is carried over unchanged into all but WebM; but ffmpeg takes an empty one for damage.
        as_vtt = order.container.subtitle_codec == "webvtt" or not cues
        path = order.scratch / f"subtitles{len(written)}.{'vtt' if as_vtt else 'srt'}"
        path.write_text(to_vtt(cues) if as_vtt else to_srt(cues), encoding="utf-8")
        written.append(SubtitleTrack(path, language, name))
    return written


def _wanted(order: Order, rules: Rules) -> list[tuple[str, str, tuple[Cue, ...]]]:
    """(language, name, cues) of each track: the source's first, then each target's."""
    asked: ExportSubtitles | None = order.subtitles
    own, first = order.source_language, order.dubs[0]
    found: list[tuple[str, str, tuple[Cue, ...]]] = []
    if (asked is None or asked.content == "source") and own in first.cues:
        found.append((own, language_name(own), first.subtitles("source", rules)))
    if asked is None or asked.content != "source":
        content = asked.content if asked else "target"
        for dub in order.dubs:
            if asked is None and dub.language == own:
                continue  # a job into its own language: it stands there already
            name = language_name(dub.language)
            if content == "bilingual":
                name = f"{name} + {language_name(own)}"
            found.append((dub.language, name, dub.subtitles(content, rules)))
    return found


def _names(container: Container, stream: str, language: str, name: str) -> list[str]:
    option = f"-metadata:s:{stream}"
    return [option, f"language={track_language(language)}", option, f"{container.name_tag}={name}"]
