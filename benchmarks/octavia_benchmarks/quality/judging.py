"""What a dub is judged by, the same for whoever made it: its report, and its file against the truth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from octavia_common.documents import PlacedSegment, QualityTotals
from octavia_samples.measure import onset_errors, sound
from octavia_samples.truth import Truth

PAUSE_BEFORE_SECONDS = 0.25
"""An onset can be found in a file only behind a pause."""


NEAR_SECONDS = 0.3
"""A line of the dub this near a sentence's start is meant for it: the recogniser may join two sentences."""


@dataclass(frozen=True)
class Judged:
    """One dub: its report's totals, and the sizes of the onsets' errors that were found in its file (ms)."""

    totals: QualityTotals
    onsets_ms: tuple[float, ...]
    rates: tuple[float, ...]


def heard_onsets(media: Path, truth: Truth, segments: Sequence[PlacedSegment]) -> tuple[float, ...]:
    """How far speech in a file begins from where the source's really does, in ms.

    Of sentences that begin a line of the dub, where a pause goes before: elsewhere no onset can be heard.
    """
    starts = []
    before = -math.inf
    for line in truth.lines:
        begins = any(abs(segment.start - line.start) <= NEAR_SECONDS for segment in segments)
        if begins and line.start - before >= PAUSE_BEFORE_SECONDS:
            starts.append(line.start)
        before = line.end
    found = onset_errors(sound(media), starts)
    return tuple(abs(error) * 1000 for error in found if not math.isnan(error))


def table(platform: Sequence[Judged], naive: Sequence[Judged]) -> str:
    """Both sides over the whole set, as a table in Markdown."""
    rows = [(name, of(platform), of(naive)) for name, of in _ROWS]
    lines = ["| | the platform | naive chain |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {one} | {other} |" for name, one, other in rows)])


def rates_of(segments: Sequence[PlacedSegment]) -> tuple[float, ...]:
    """How fast the lines that sound are played."""
    return tuple(segment.rate for segment in segments if segment.audio is not None)


def _percentile(judged: Sequence[Judged], share: float) -> str:
    every = [each for one in judged for each in one.onsets_ms]
    return f"{np.percentile(every, share):.0f} ms" if every else "-"


def _in_bounds(judged: Sequence[Judged]) -> str:
    rates = [rate for one in judged for rate in one.rates]
    return f"{np.mean([0.849 <= rate <= 1.201 for rate in rates]):.0%}"


def _extreme(judged: Sequence[Judged]) -> str:
    rates = [rate for one in judged for rate in one.rates]
    return f"{min(rates):.2f} to {max(rates):.2f}"


def _mean(judged: Sequence[Judged], name: str) -> float:
    lines = [one.totals.lines for one in judged]
    values = [getattr(one.totals, name) or 0.0 for one in judged]
    return float(np.average(values, weights=lines)) if sum(lines) else 0.0


def _off_loudness(judged: Sequence[Judged]) -> str:
    off = [
        abs(one.totals.output_lufs - one.totals.source_lufs)
        for one in judged
        if one.totals.output_lufs is not None and one.totals.source_lufs is not None
    ]
    return f"{max(off):.1f} LU"


def _worst_drift(judged: Sequence[Judged]) -> str:
    return f"{max((abs(one.totals.drift_ms or 0.0) for one in judged), default=0.0):.0f} ms"


_ROWS = (
    ("lines", lambda judged: str(sum(one.totals.lines for one in judged))),
    ("onsets that can be heard in the files", lambda judged: str(sum(len(one.onsets_ms) for one in judged))),
    ("onset in the file against the truth, p50", lambda judged: _percentile(judged, 50)),
    ("the same, p95", lambda judged: _percentile(judged, 95)),
    ("onset by the report, p95", lambda judged: f"{_mean(judged, 'onset_p95_ms'):.0f} ms"),
    ("lines at 0.85 to 1.2 of their rate", _in_bounds),
    ("slowest and fastest line", _extreme),
    ("speech over speech", lambda judged: f"{sum(one.totals.overlap_seconds for one in judged):.2f} s"),
    ("drift at the end, worst", _worst_drift),
    ("loudness off the source's, worst", _off_loudness),
    (
        "true peak, highest",
        lambda judged: f"{max(one.totals.true_peak_dbtp or -70 for one in judged):.1f} dBTP",
    ),
    ("cues that keep all reading rules", lambda judged: f"{_mean(judged, 'subtitle_rules_kept'):.0%}"),
)
