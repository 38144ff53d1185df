"""Measuring a finished video on the file itself, with ffmpeg and arithmetic."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octavia_samples.tools import complaint, run
from octavia_samples.voices import Sound, decode_file

MEASURE_RATE = 16_000
_HOP = 0.005
"""Seconds between two values of an envelope."""


@dataclass(frozen=True)
class Track:
    """A stream of a file, as ffprobe lists it."""

    index: int
    kind: str
    codec: str
    language: str | None
    title: str | None
    default: bool
    duration: float | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class Cue:
    """A subtitle and the seconds between which it is shown."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class LoudnessReport:
    """EBU R128: integrated loudness (LUFS) and true peak (dBTP); -70 and lower is silence."""

    integrated: float
    true_peak: float
    range: float


def container(path: Path) -> dict[str, Any]:
    """ffprobe's `format`: names, duration, tags."""
    found: dict[str, Any] = _ffprobe(path, "-show_format")["format"]
    return found


def duration(path: Path) -> float:
    """The length of the container in seconds."""
    return float(container(path)["duration"])


def tracks(path: Path, kind: str | None = None) -> list[Track]:
    """All streams, or those of one kind (`video`, `audio`, `subtitle`)."""
    found = []
    for stream in _ffprobe(path, "-show_streams")["streams"]:
        tags = {name.lower(): value for name, value in stream.get("tags", {}).items()}
        length = stream.get("duration")
        found.append(
            Track(
                index=stream["index"],
                kind=stream["codec_type"],
                codec=stream.get("codec_name", ""),
                language=tags.get("language"),
                title=tags.get("title") or tags.get("handler_name"),
                default=bool(stream.get("disposition", {}).get("default")),
                duration=float(length) if length not in (None, "N/A") else None,
                detail=stream,
            )
        )
    return [track for track in found if kind is None or track.kind == kind]


def frame_seconds(path: Path) -> float:
    """How long one picture is shown."""
    over, _, under = tracks(path, "video")[0].detail["avg_frame_rate"].partition("/")
    return float(under or 1) / float(over)


def packet_digests(path: Path, stream: str = "v:0") -> list[str]:
    """The sha256 of every packet of a stream, in order: what is equal was copied bit for bit."""
    source = ["-i", str(path), "-map", f"0:{stream}", "-c", "copy"]
    out = run(["ffmpeg", "-v", "error", *source, "-f", "framehash", "-hash", "sha256", "-"])
    lines = [line for line in out.decode().splitlines() if line and not line.startswith("#")]
    return [line.rsplit(",", 1)[1].strip() for line in lines]


def packet_times(path: Path, stream: str = "v:0") -> list[float]:
    """The presentation time of every packet of a stream in seconds, in the order of the file."""
    found = _ffprobe(path, "-select_streams", stream, "-show_entries", "packet=pts_time")
    return [float(packet["pts_time"]) for packet in found["packets"]]


def sound(path: Path, *, track: int = 0, rate: int = MEASURE_RATE) -> Sound:
    """A sound track, mono."""
    return decode_file(path, rate, track=track)


def envelope(samples: Sound, rate: int = MEASURE_RATE) -> Sound:
    """The level in dB (full scale: 0) of every 5 ms, over 10 ms each."""
    hop = round(_HOP * rate)
    power = np.square(samples.astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, max(1, len(samples) - 2 * hop), hop)
    ends = np.minimum(starts + 2 * hop, len(samples))
    mean = (sums[ends] - sums[starts]) / np.maximum(1, ends - starts)
    return np.asarray(10 * np.log10(np.maximum(mean, 1e-12)), dtype=np.float32)


def onset_near(samples: Sound, expected: float, *, before: float = 0.4, after: float = 0.6) -> float | None:
    """When sound begins around `expected` seconds, or None where nothing rises there.

    The level rises from that of the `before` seconds ahead (keep it shorter than the pause) to that of the
    `after` seconds behind; the onset is where it first stays above a third of the way, in dB, for 20 ms.
    """
    levels = envelope(samples)
    first = max(0, round((expected - before) / _HOP))
    middle, last = round(expected / _HOP), round((expected + after) / _HOP)
    window = levels[first:last]
    if middle <= first or not len(window):
        return None
    floor = float(np.percentile(levels[first:middle], 20))
    loud = float(np.percentile(levels[middle:last], 90))
    if loud - floor < 6:
        return None
    above = window > floor + (loud - floor) / 3
    held = np.convolve(above, np.ones(4), mode="valid") == 4
    return float((first + int(np.argmax(held))) * _HOP) if held.any() else None


def onset_errors(samples: Sound, expected: Iterable[float]) -> list[float]:
    """By how many seconds each onset is late (negative: early). NaN where none was found."""
    return [
        float("nan") if (found := onset_near(samples, start)) is None else found - start for start in expected
    ]


def level(samples: Sound, start: float, end: float, rate: int = MEASURE_RATE) -> float:
    """The level in dB between two moments in seconds."""
    part = samples[round(start * rate) : round(end * rate)].astype(np.float64)
    return float(10 * np.log10(max(float(np.mean(np.square(part))) if len(part) else 0.0, 1e-12)))


def spans_above(samples: Sound, threshold_db: float, *, bridge: float = 0.3) -> list[tuple[float, float]]:
    """The seconds between which the level is above a threshold; gaps up to `bridge` seconds count in."""
    spans: list[list[float]] = []
    for position in np.flatnonzero(envelope(samples) > threshold_db):
        moment = float(position) * _HOP
        if spans and moment - spans[-1][1] <= bridge:
            spans[-1][1] = moment + _HOP
        else:
            spans.append([moment, moment + _HOP])
    return [(start, end) for start, end in spans]


def loudness(path: Path, *, track: int = 0) -> LoudnessReport:
    """EBU R128 figures of a sound track, by ffmpeg's `ebur128`."""
    source = ["-i", str(path), "-map", f"0:a:{track}"]
    meter = ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    said = complaint(["ffmpeg", "-nostdin", "-hide_banner", "-nostats", *source, *meter])
    summary = said[said.rindex("Summary:") :]

    def figure(name: str) -> float:
        found = re.search(rf"{name}:\s+(-?[\d.]+|-inf|nan)", summary)
        return float(found[1]) if found else float("-inf")

    return LoudnessReport(figure("I"), figure("Peak"), figure("LRA"))


def cues(path: Path, *, track: int = 0) -> list[Cue]:
    """The subtitles of a track (or of a subtitle file)."""
    text = run(["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:s:{track}", "-f", "srt", "-"]).decode()
    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        timing = next((n for n, line in enumerate(lines) if "-->" in line), None)
        if timing is not None:
            start, _, end = lines[timing].partition("-->")
            found.append(Cue(_clock(start), _clock(end), "\n".join(lines[timing + 1 :])))
    return found


def picture_hash_at(path: Path, seconds: float) -> str:
    """The sha256 of the decoded picture shown at a moment."""
    source = ["-ss", f"{seconds:.3f}", "-i", str(path), "-map", "0:v:0", "-frames:v", "1"]
    out: bytes = run(["ffmpeg", "-v", "error", *source, "-f", "hash", "-hash", "sha256", "-"])
    return out.decode().strip().partition("=")[2]


def _clock(text: str) -> float:
    hours, minutes, seconds = text.strip().replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _ffprobe(path: Path, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(["ffprobe", "-v", "error", "-of", "json", *options, str(path)]))
    return found
