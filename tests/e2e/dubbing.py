"""What must hold of a dubbed video, measured on the file itself and on nothing the services say of it."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from octavia_samples import measure

ONSET_SECONDS = 0.05
LOUDNESS_LU = 1.0
TRUE_PEAK_DBTP = -1.0
LANGUAGES = {"en": "eng", "es": "spa", "fr": "fra", "pt": "por"}

SPANISH = frozenset(
    """el la los las un una de del que y en a por para con su sus no se es son como más pero muy todo todos
    nosotros ellos qué cuándo dónde hay días años mañana tarde noche casa tiempo gracias""".split()
)


def assert_picture_untouched(source: Path, output: Path) -> None:
    """The video packets are the source's, and the length is within one frame."""
    assert measure.packet_digests(output) == measure.packet_digests(source)
    difference = abs(measure.duration(output) - measure.duration(source))
    assert difference <= measure.frame_seconds(source) + 1e-3, f"length differs by {difference:.3f} s"


def assert_loudness_follows(source: Path, output: Path) -> None:
    """Integrated loudness within 1 LU, true peak at most -1 dBTP, 48 kHz stereo."""
    before, after = measure.loudness(source), measure.loudness(output)
    assert abs(after.integrated - before.integrated) <= LOUDNESS_LU, (before, after)
    assert after.true_peak <= TRUE_PEAK_DBTP, after
    audio = measure.tracks(output, "audio")[0]
    assert (audio.detail["sample_rate"], audio.detail["channels"]) == ("48000", 2)


def assert_subtitle_tracks(output: Path, source_language: str, target_language: str) -> None:
    """Two soft tracks that a player lists by language, both with cues."""
    found = {track.language for track in measure.tracks(output, "subtitle")}
    assert found == {LANGUAGES[source_language], LANGUAGES[target_language]}
    assert all(measure.cues(output, track=number) for number in (0, 1))


def onset_errors(output: Path, starts: list[float]) -> list[float]:
    """By how many seconds the sound of the output rises later than each of `starts`."""
    return measure.onset_errors(measure.sound(output), starts)


def assert_onsets(output: Path, starts: list[float]) -> None:
    """Speech begins in the output where it begins in the source, within 50 ms."""
    errors = onset_errors(output, starts)
    late = {
        start: error for start, error in zip(starts, errors, strict=True) if not abs(error) <= ONSET_SECONDS
    }
    assert not late, f"onsets off by more than {ONSET_SECONDS} s: {late}; all: {np.round(errors, 3).tolist()}"


def assert_in_order_and_apart(segments: list[dict[str, Any]]) -> None:
    """No line of the dub begins before the one ahead has ended."""
    placed = [(segment["placed_start"], segment["placed_end"]) for segment in segments]
    for (_, end), (start, _) in itertools.pairwise(placed):
        assert end <= start + 1e-6, placed


def assert_pauses_keep_their_background(
    source: Path, output: Path, pauses: list[tuple[float, float]], segments: list[dict[str, Any]]
) -> None:
    """Where nobody speaks in either, the output sounds as loud as the source, within 3 dB."""
    before, after = measure.sound(source), measure.sound(output)
    gain = measure.loudness(output).integrated - measure.loudness(source).integrated
    compared = 0
    for start, end in pauses:
        spoken_until = max((s["placed_end"] for s in segments if s["placed_start"] < end), default=0.0)
        quiet_from = max(start, spoken_until) + 0.3
        quiet_to = end - 0.15
        if quiet_to - quiet_from < 0.25:
            continue
        compared += 1
        difference = measure.level(after, quiet_from, quiet_to) - measure.level(before, quiet_from, quiet_to)
        assert math.isclose(difference, gain, abs_tol=3.0), (quiet_from, quiet_to, difference, gain)
    assert compared, "no pause was long enough to compare"


def assert_spanish(segments: list[dict[str, Any]]) -> None:
    """A list of common Spanish words recognises the translation."""
    words = [word.strip(".,;:¡!¿?").lower() for segment in segments for word in segment["text"].split()]
    known = [word for word in words if word in SPANISH]
    assert len(known) >= 0.2 * len(words), words
    assert len(set(known)) >= 5, sorted(set(known))


def assert_reported(report: dict[str, Any], segments: list[dict[str, Any]], output: Path) -> None:
    """The report tells of every line, and what can be measured in the file."""
    totals, measured = report["totals"], measure.loudness(output)
    assert totals["lines"] == len(report["lines"]) == len(segments)
    assert totals["output_lufs"] == pytest.approx(measured.integrated, abs=0.3)
    assert totals["true_peak_dbtp"] == pytest.approx(measured.true_peak, abs=0.3)
    assert 0 <= totals["onset_p50_ms"] <= totals["onset_p95_ms"] <= 50
    assert (totals["overlap_seconds"], abs(totals["drift_ms"]) <= 50) == (0, True)
    assert 0 <= totals["flagged"] <= 1
    for line, segment in zip(report["lines"], segments, strict=True):
        assert (line["id"], line["flags"]) == (segment["id"], segment["flags"])
        assert line["lufs"] == pytest.approx(measured.integrated, abs=10)
        assert line["heard_error"] is None, "nobody asked for the lines to be checked"
