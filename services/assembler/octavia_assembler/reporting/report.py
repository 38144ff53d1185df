"""The report of a dub, from where its lines were placed and what was measured of them. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from octavia_common.documents import Loudness, PlacedSegment, QualityReport, QualityTotals, ReportedLine
from octavia_subtitles.rules import Cue, Rules, validate

VERSION = 2
"""Part of the key of a report: change it with what is reckoned here."""

SLOWEST, FASTEST = 0.85, 1.2
"""What may be played so without being noticed (DESIGN's media rules)."""

RATE_TOLERANCE = 1e-3
"""Lengths are whole samples, so a line at a bound is a hair beside it."""

LAST_LINES = 5
"""Lines at the end whose median says how far everything has drifted: one alone may be misplaced."""

BOTH_CHANNELS_DB = 10 * math.log10(2)
"""BS.1770 sums over channels: a voice in both is so much louder than in one."""


def report_of(
    language: str,
    segments: Sequence[PlacedSegment],
    *,
    cues: Mapping[str, Sequence[Cue]],
    frame_rate: float | None,
    loudness: Loudness,
    voice_gain_db: float | None,
) -> QualityReport:
    """How the lines of a language came out.

    `cues` are all subtitles that go with it, `frame_rate` the picture's; `voice_gain_db` is what the voice
    was amplified by, None where that is not known.
    """
    lines = tuple(_line(segment, voice_gain_db) for segment in segments)
    errors = [line.onset_error_ms for line in lines if line.onset_error_ms is not None]
    sizes = [abs(error) for error in errors]
    rates = [line.rate for line in lines if line.rate is not None]
    totals = QualityTotals(
        lines=len(lines),
        onset_p50_ms=_percentile(sizes, 50),
        onset_p95_ms=_percentile(sizes, 95),
        rate_in_bounds=_share(SLOWEST - RATE_TOLERANCE <= rate <= FASTEST + RATE_TOLERANCE for rate in rates),
        overlap_seconds=_overlap(segments),
        drift_ms=_percentile(errors[-LAST_LINES:], 50),
        source_lufs=loudness.source_lufs,
        output_lufs=loudness.output_lufs,
        true_peak_dbtp=loudness.output_true_peak_dbtp,
        subtitle_rules_kept=_rules_kept(cues.values(), Rules.for_frame_rate(frame_rate)),
        repaired=_share("repaired" in line.flags for line in lines),
        flagged=_share(bool(set(line.flags) - {"repaired"}) for line in lines),
    )
    return QualityReport(language=language, totals=totals, lines=lines)


def _line(segment: PlacedSegment, voice_gain_db: float | None) -> ReportedLine:
    spoken = segment.audio is not None
    begins = segment.placed_start + (segment.onset or 0.0)
    ends = segment.placed_start + segment.duration
    lufs = None
    if segment.lufs is not None and voice_gain_db is not None:
        lufs = round(segment.lufs + voice_gain_db + BOTH_CHANNELS_DB, 1)
    return ReportedLine(
        id=segment.id,
        speaker=segment.speaker,
        start=segment.start,
        placed_start=segment.placed_start,
        onset_error_ms=round((begins - segment.start) * 1000, 1) if spoken else None,
        rate=round(segment.rate, 3) if spoken else None,
        overflow_seconds=round(max(ends - segment.slot_end, 0.0) + segment.cut, 3) if spoken else 0.0,
        lufs=lufs,
        heard_error=segment.heard_error,
        flags=segment.flags,
    )


def _overlap(segments: Iterable[PlacedSegment]) -> float:
    """Seconds in which a line sounds while one before it still does."""
    total, sounding_until = 0.0, -math.inf
    spoken = [segment for segment in segments if segment.audio is not None]
    for segment in sorted(spoken, key=lambda each: each.placed_start):
        total += max(min(sounding_until, segment.placed_end) - segment.placed_start, 0.0)
        sounding_until = max(sounding_until, segment.placed_end)
    return round(total, 3)


def _rules_kept(subtitles: Iterable[Sequence[Cue]], rules: Rules) -> float | None:
    kept: list[bool] = []
    for cues in subtitles:
        broken = {violation.index for violation in validate(cues, rules)}
        kept += [index not in broken for index in range(len(cues))]
    return _share(kept)


def _share(kept: Iterable[bool]) -> float | None:
    found = list(kept)
    return round(sum(found) / len(found), 4) if found else None


def _percentile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.percentile(values, share)), 1) if values else None
