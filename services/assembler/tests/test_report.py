"""The report says what was placed and measured, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_assembler.reporting.report import BOTH_CHANNELS_DB, report_of
from octavia_common.documents import Loudness, PlacedSegment, QualityReport
from octavia_common.events import ArtifactRef
from octavia_subtitles.rules import Cue

SOUND = ArtifactRef(key="users/u/line", sha256="0" * 64, size_bytes=1, media_type="audio/flac")
LOUDNESS = Loudness(source_lufs=-20.0, output_lufs=-20.4, output_true_peak_dbtp=-1.6)


def line(number: int, **changes: Any) -> PlacedSegment:
    """The `number`-th line: 2 s of speech every 4 s, its dub as long and in its place."""
    start = 4.0 * number
    fields: dict[str, Any] = {
        "id": f"s{number}",
        "speaker": "S1",
        "start": start,
        "end": start + 2,
        "slot_end": start + 3,
        "source_text": "something",
        "text": "algo",
        "audio": SOUND,
        "duration": 2.0,
        "rate": 1.0,
        "placed_start": start,
        "placed_end": start + 2,
    }
    return PlacedSegment(**(fields | changes))


def report(*lines: PlacedSegment, **changes: Any) -> QualityReport:
    given_: dict[str, Any] = {
        "cues": {},
        "frame_rate": 25.0,
        "loudness": LOUDNESS,
        "voice_gain_db": 2.0,
    }
    return report_of("es", lines, **(given_ | changes))


def test_a_line_as_it_should_be() -> None:
    made = report(line(0, lufs=-25.0, onset=0.01, heard_error=0.1))
    (told,) = made.lines
    assert (told.onset_error_ms, told.rate, told.overflow_seconds) == (10.0, 1.0, 0.0)
    assert told.lufs == round(-23.0 + BOTH_CHANNELS_DB, 1)
    assert told.heard_error == 0.1
    totals = made.totals
    assert (totals.onset_p50_ms, totals.onset_p95_ms, totals.drift_ms) == (10.0, 10.0, 10.0)
    assert (totals.rate_in_bounds, totals.overlap_seconds, totals.flagged, totals.repaired) == (1, 0, 0, 0)
    assert (totals.source_lufs, totals.output_lufs, totals.true_peak_dbtp) == (-20.0, -20.4, -1.6)
    assert totals.subtitle_rules_kept is None


def test_where_nothing_is_spoken_there_is_nothing_to_tell() -> None:
    nothing = report().totals
    assert nothing.lines == 0
    assert {nothing.onset_p50_ms, nothing.rate_in_bounds, nothing.drift_ms, nothing.flagged} == {None}
    silent = report(line(0, audio=None, duration=0.0, flags=("unspeakable",)))
    assert (silent.lines[0].onset_error_ms, silent.lines[0].rate, silent.lines[0].lufs) == (None, None, None)
    assert (silent.totals.onset_p95_ms, silent.totals.rate_in_bounds, silent.totals.flagged) == (
        None,
        None,
        1,
    )


def test_percentiles_and_drift_are_of_the_sizes_of_errors_and_of_the_last_lines() -> None:
    # Each line 20 ms later than the one before: what a chain does that adds lengths up.
    lines = [line(n, placed_start=4.0 * n + 0.02 * n) for n in range(11)]
    totals = report(*lines).totals
    assert (totals.onset_p50_ms, totals.onset_p95_ms, totals.drift_ms) == (100.0, 190.0, 160.0)
    early = report(*(line(n, placed_start=4.0 * n - 0.03) for n in range(1, 4))).totals
    assert (early.onset_p50_ms, early.drift_ms) == (30.0, -30.0)


@pytest.mark.parametrize(
    ("rate", "inside"), [(0.85, 1), (1.2, 1), (0.8499, 1), (0.84, 0), (1.21, 0), (2.0, 0)]
)
def test_the_bounds_of_rates(rate: float, inside: int) -> None:
    assert report(line(0, rate=rate)).totals.rate_in_bounds == inside


def test_lines_that_sound_together_count_once_for_each_second() -> None:
    totals = report(
        line(0, placed_start=0.0, placed_end=5.0),
        line(1, placed_start=4.0, placed_end=4.5),
        line(2, placed_start=4.2, placed_end=6.0),
        line(3, audio=None, placed_start=5.0, placed_end=9.0),
    ).totals
    assert totals.overlap_seconds == pytest.approx(0.5 + 0.8)


def test_what_does_not_fit_is_told_whether_it_was_cut_or_not() -> None:
    cut = line(0, duration=3.4, placed_end=3.0)
    late = line(1, placed_start=5.5, duration=2.0, placed_end=7.5)
    assert [each.overflow_seconds for each in report(cut, late).lines] == [0.4, 0.5]


def test_repaired_lines_are_no_complaint_and_all_others_are() -> None:
    totals = report(
        line(0, flags=("repaired",)), line(1, flags=("repaired", "misheard")), line(2), line(3)
    ).totals
    assert (totals.repaired, totals.flagged) == (0.5, 0.25)


def test_cues_of_all_languages_are_held_to_the_rules() -> None:
    good = Cue(0, 2000, ("Good morning.",))
    fast = Cue(3000, 3900, ("Far too much to be read in so short a time.",))
    kept = report(cues={"en": (good, fast), "es": (good,)}).totals.subtitle_rules_kept
    assert kept == pytest.approx(2 / 3, abs=1e-4)
    close = Cue(2050, 4000, ("Too near.",))
    assert report(cues={"es": (good, close)}).totals.subtitle_rules_kept == 0.5
    assert report(cues={"es": (good, close)}, frame_rate=60.0).totals.subtitle_rules_kept == 1


def test_a_loudness_that_nobody_knows_is_not_made_up() -> None:
    assert report(line(0, lufs=-20.0), voice_gain_db=None).lines[0].lufs is None
    assert report(line(0)).lines[0].lufs is None


@given(
    st.lists(
        st.tuples(st.floats(-1, 5), st.floats(0.1, 3), st.floats(0.3, 3), st.booleans()),
        max_size=30,
    )
)
def test_any_lines_make_a_report_that_survives_the_store(
    drawn: list[tuple[float, float, float, bool]],
) -> None:
    lines = [
        line(
            n,
            placed_start=max(4.0 * n + late, 0.0),
            placed_end=max(4.0 * n + late, 0.0) + long,
            duration=long,
            rate=rate,
            audio=SOUND if heard else None,
        )
        for n, (late, long, rate, heard) in enumerate(drawn)
    ]
    made = report(*lines)
    assert QualityReport.model_validate_json(made.model_dump_json()) == made
    totals = made.totals
    assert totals.overlap_seconds >= 0
    assert all(each.overflow_seconds >= 0 for each in made.lines)
    if totals.onset_p50_ms is not None and totals.onset_p95_ms is not None:
        assert 0 <= totals.onset_p50_ms <= totals.onset_p95_ms
