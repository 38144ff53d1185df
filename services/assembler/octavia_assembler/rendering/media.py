"""The runs of ffmpeg that an assembly needs: decode the source, encode and mux, measure."""

import re
from dataclasses import dataclass
from pathlib import Path

from octavia_common.cancellation import CancelToken
from octavia_common.media import MediaInfo, MediaKind, ToolLimits, ffmpeg, safe_input

from octavia_assembler.rendering.containers import Container
from octavia_assembler.rendering.languages import language_name, track_language
from octavia_assembler.sound.raw import FRAME_BYTES
from octavia_assembler.timeline import SAMPLE_RATE

SAY_SUMMARY = ("-loglevel", "info", "-nostats")
"""ffmpeg's meter speaks at this level."""

METER = "ebur128=framelog=verbose"

_FIGURE = re.compile(r"^\s*(I|Peak):\s+(\S+) (?:LUFS|dBFS)", re.MULTILINE)

NOTHING_HEARD_LUFS = -70.0
"""What the meter shows for silence."""


@dataclass(frozen=True)
class Meter:
    """EBU R128 figures; None where there is only silence."""

    lufs: float | None
    true_peak_dbtp: float | None = None


@dataclass(frozen=True)
class SubtitleTrack:
    """A subtitle file to mux, its language, and what players list it by (by default the language)."""

    path: Path
    language: str
    name: str = ""

    @property
    def demuxer(self) -> str:
        """ffmpeg's name of what reads the file."""
        return "webvtt" if self.path.suffix == ".vtt" else "srt"


def limits_for(info: MediaInfo) -> ToolLimits:
    """Room for media of this length, and no end of it: an hour takes well under a minute a run."""
    seconds = info.duration_seconds
    return ToolLimits(
        seconds=120 + seconds * 2,
        file_bytes=int(info.size_bytes * 2 + (seconds + 60) * SAMPLE_RATE * FRAME_BYTES * 2),
    )


def source_input(source: Path, info: MediaInfo, *options: str) -> list[str]:
    """The arguments that open a source, as much of it as is worked on."""
    only = () if info.only_seconds is None else ("-t", f"{info.only_seconds:.3f}")
    return safe_input(source, MediaKind.VIDEO, *only, *options)


async def decode(source: Path, info: MediaInfo, raw: Path | int, cancel: CancelToken) -> Meter:
    """Write the sound of the source to `raw`, a file or an open descriptor, as 48 kHz stereo floats, and
    measure it as it is.

    Sample 0 is the start of the source's clock, which is the earliest of its tracks; sound that
    begins later or pauses is filled with silence.
    """
    track = info.require_audio()
    graph = (
        f"[0:{track.index}]asplit=2[heard][meant];"
        f"[heard]{METER}[metered];"
        f"[meant]aresample={SAMPLE_RATE}:async=1:first_pts=0,"
        "aformat=sample_fmts=flt:channel_layouts=stereo[out]"
    )
    result = await ffmpeg(
        *SAY_SUMMARY,
        *source_input(source, info),
        *("-filter_complex", graph),
        *("-map", "[out]", "-f", "f32le", f"file:{raw}" if isinstance(raw, Path) else "pipe:1"),
        *("-map", "[metered]", "-f", "null", "-"),
        limits=limits_for(info),
        cancel=cancel,
        stdout=None if isinstance(raw, Path) else raw,
    )
    return read_meter(result.stderr)


async def measure(media: Path, info: MediaInfo, cancel: CancelToken) -> Meter:
    """Loudness and true peak of the first sound track of a finished file, as a player decodes it."""
    result = await ffmpeg(
        *SAY_SUMMARY,
        *safe_input(media),
        *("-map", "0:a:0", "-af", f"{METER}:peak=true", "-f", "null", "-"),
        limits=limits_for(info),
        cancel=cancel,
    )
    return read_meter(result.stderr)


def read_meter(said: str) -> Meter:
    """The figures in the summary of ffmpeg's meter."""
    figures = {name: float(value) for name, value in _FIGURE.findall(said)}
    lufs, peak = figures.get("I"), figures.get("Peak")
    return Meter(
        lufs=lufs if lufs is not None and lufs > NOTHING_HEARD_LUFS else None,
        true_peak_dbtp=peak if peak is not None and peak > float("-inf") else None,
    )


@dataclass(frozen=True)
class Mux:
    """What is put into the output. `raw` is its sound, `packets` its sound as a bare stream of the
    container's coder; without either the source's own track is kept."""

    source: Path
    info: MediaInfo
    container: Container
    raw: Path | None
    language: str
    subtitles: tuple[SubtitleTrack, ...]
    packets: Path | None = None

    @property
    def keeps_own_sound(self) -> bool:
        """Whether the source's track is copied."""
        return self.raw is None and self.packets is None

    async def write(self, output: Path, cancel: CancelToken, sound: int | None = None) -> None:
        """Encode the sound and mux everything in one run; the picture's packets are copied.

        `sound` is an open descriptor to read the sound from instead of the file `raw`.
        """
        heard = f"file:{self.raw}" if sound is None else "pipe:0"
        await ffmpeg(
            *self._inputs(heard), *self._maps(), *self._codecs(), *self._tags(),
            *self.container.options,
            # The same bytes for the same input: no random ids, no program version.
            *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "0", "-map_chapters", "0"),
            *("-f", self.container.muxer, f"file:{output}"),
            limits=limits_for(self.info),
            cancel=cancel,
            stdin=sound,
        )  # fmt: skip

    def _inputs(self, sound: str) -> list[str]:
        inputs = source_input(self.source, self.info)
        coder = self.container.joined
        if self.packets is not None and coder is not None:
            early = coder.priming * coder.frame if self.container.keeps_priming else 0
            inputs += ["-itsoffset", f"{-early / SAMPLE_RATE:.7f}"]
            inputs += ["-f", coder.form[1], "-i", f"file:{self.packets}"]
        elif self.raw is not None:
            inputs += ["-itsoffset", f"{self.container.sound_delay_seconds:.7f}"]
            inputs += ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "2", "-i", sound]
        for track in self._tracks():
            inputs += ["-f", track.demuxer, "-i", f"file:{track.path}"]
        return inputs

    def _maps(self) -> list[str]:
        maps: list[str] = []
        if self.info.video is not None:
            maps += ["-map", f"0:{self.info.video.index}"]
        elif self.container.keeps_cover:
            maps += ["-map", "0:v?"]
        maps += ["-map", f"0:{self.info.require_audio().index}" if self.keeps_own_sound else "1:a"]
        first = 1 if self.keeps_own_sound else 2
        for number in range(first, first + len(self._tracks())):
            maps += ["-map", f"{number}:s"]
        return maps

    def _codecs(self) -> list[str]:
        is_ready = self.keeps_own_sound or self.packets is not None
        codecs = ["-c:v", "copy", *(("-c:a", "copy") if is_ready else self.container.audio)]
        if self.packets is not None and self.container.joined is not None:
            codecs += self.container.joined.muxing
        if self.container.subtitle_codec is not None:
            codecs += ["-c:s", self.container.subtitle_codec]
        return codecs

    def _tags(self) -> list[str]:
        tags = ["-disposition:a:0", "default"]
        if not self.keeps_own_sound:
            tags += self._names("a:0", self.language)
        for number, track in enumerate(self._tracks()):
            tags += [*self._names(f"s:{number}", track.language), f"-disposition:s:{number}", "0"]
        return tags

    def _names(self, stream: str, language: str) -> list[str]:
        option = f"-metadata:s:{stream}"
        name = f"{self.container.name_tag}={language_name(language)}"
        return [option, f"language={track_language(language)}", option, name]

    def _tracks(self) -> tuple[SubtitleTrack, ...]:
        return self.subtitles if self.container.subtitle_codec is not None else ()
