"""What both sides of `make quality` are judged by."""

from pathlib import Path

from octavia_benchmarks.quality.candidates import gain
from octavia_benchmarks.quality.judging import Judged, heard_onsets, table
from octavia_common.documents import PlacedSegment, QualityTotals
from octavia_samples.quality_set import Said, Scene, make_scene

TOTALS = QualityTotals(
    lines=2,
    onset_p50_ms=5.0,
    onset_p95_ms=10.0,
    rate_in_bounds=0.5,
    overlap_seconds=0.25,
    drift_ms=-3.0,
    source_lufs=-20.0,
    output_lufs=-23.5,
    true_peak_dbtp=-1.5,
    subtitle_rules_kept=0.5,
    repaired=0.0,
    flagged=1.0,
)


def placed(start: float) -> PlacedSegment:
    return PlacedSegment(
        id="s",
        speaker="S1",
        start=start,
        end=start + 1,
        slot_end=start + 1,
        source_text="",
        text="",
        audio=None,
        duration=1.0,
        rate=1.0,
        placed_start=start,
        placed_end=start + 1,
    )


def test_the_table_has_both_sides_over_the_whole_set() -> None:
    good = TOTALS.model_copy(update={"output_lufs": -20.1, "subtitle_rules_kept": 1.0, "flagged": 0.0})
    platform = [Judged(good, (1.0, 3.0), (1.0, 1.2)), Judged(good, (), (0.85,))]
    naive = [Judged(TOTALS, (60.0,), (2.5, 1.0)), Judged(TOTALS, (80.0,), (0.5,))]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table(platform, naive).splitlines()
    ]
    told = {row[0]: row[1:] for row in rows[2:]}
    assert told["lines"] == ["4", "4"]
    assert told["onset in the file against the truth, p50"] == ["2 ms", "70 ms"]
    assert told["lines at 0.85 to 1.2 of their rate"] == ["100%", "33%"]
    assert told["slowest and fastest line"] == ["0.85 to 1.20", "0.50 to 2.50"]
    assert told["loudness off the source's, worst"] == ["0.1 LU", "3.5 LU"]
    assert told["cues that keep all reading rules"] == ["100%", "50%"]


def test_onsets_of_the_source_itself_are_where_they_are(tmp_path: Path) -> None:
    scene = Scene(
        "short", (Said("slt", "Good morning to you.", 0.6), Said("rms", "We were at the station.", 0.8))
    )
    path = tmp_path / "short.mp4"
    truth = make_scene(path, scene)
    lines = [placed(line.start) for line in truth.lines]
    found = heard_onsets(path, truth, lines)
    assert len(found) == 2
    assert max(found) <= 50
    assert len(heard_onsets(path, truth, lines[:1])) == 1, "nothing was to begin at the other"


async def test_choosing_among_translations_is_no_worse_than_the_first_of_each() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in (await gain()).splitlines()]
    told = {row[0]: [float(cell.rstrip("%")) for cell in row[1:]] for row in rows[2:]}
    for name in ("mean distance from the natural rate", "mean step of the rate between neighbours"):
        first, chosen = told[name]
        assert chosen < first, name
    within = told["lines at 0.85 to 1.2 of their rate"]
    assert within[1] >= within[0]
    assert told["fastest line"][1] <= 1.21
