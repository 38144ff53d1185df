"""Lines lie where their source lies, whatever came before them."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_assembler.timeline import GAP, LEAST_AUDIBLE, SAMPLE_RATE, Line, at_sample, place

HOUR = 3600 * SAMPLE_RATE


@st.composite
def any_lines(draw: st.DrawFn) -> list[Line]:
    """Lines in any order, overlapping and too long as they come."""
    starts = draw(st.lists(st.floats(-1, 60), max_size=12))
    return [Line(str(n), start, draw(st.integers(0, 600_000))) for n, start in enumerate(starts)]


def an_hour_of_speech(seed: int) -> list[Line]:
    """Lines that fit their slots, as the synthesizer promises, at times of any fraction of a second."""
    draw = random.Random(seed)
    lines: list[Line] = []
    at = draw.random()
    while at < 3580:
        slot = draw.uniform(0.4, 9)
        lines.append(Line(str(len(lines)), at, int((slot - 0.05) * SAMPLE_RATE)))
        at += slot + draw.choice([0.0, 0.1, 1 / 3, 2.0])
    return lines


@settings(deadline=None)
@given(any_lines(), st.integers(0, 70 * SAMPLE_RATE))
def test_lines_never_overlap_and_account_for_every_sample(lines: list[Line], total: int) -> None:
    placed = place(lines, total)
    lengths = {line.id: line.samples for line in lines}
    assert {each.id for each in placed} == set(lengths)
    for each in placed:
        assert 0 <= each.start <= each.end <= total
        assert each.end - each.start + each.cut == lengths[each.id]
    for before, after in pairwise(placed):
        assert after.start >= min(before.end + GAP, total)


@settings(deadline=None)
@given(st.integers())
def test_an_hour_has_no_drift_and_loses_nothing(seed: int) -> None:
    lines = an_hour_of_speech(seed)
    for line, each in zip(lines, place(lines, HOUR + 10 * SAMPLE_RATE), strict=True):
        assert abs(each.start - line.start_seconds * SAMPLE_RATE) <= 1
        assert each.cut == 0


@settings(deadline=None)
@given(any_lines())
def test_only_a_line_that_starts_inside_another_is_late(lines: list[Line]) -> None:
    ordered = sorted(lines, key=lambda line: line.start_seconds)
    placed = place(lines, 100 * SAMPLE_RATE)
    for (before, line), each in zip(pairwise(ordered), placed[1:], strict=True):
        late = each.start - at_sample(line.start_seconds)
        assert late >= 0
        previous = placed[ordered.index(before)]
        on_time = previous.start == at_sample(before.start_seconds)
        if on_time and at_sample(line.start_seconds) - previous.start >= LEAST_AUDIBLE + GAP:
            assert late == 0


def test_a_line_that_is_too_long_ends_before_the_next_and_says_how_much_is_missing() -> None:
    first, second = place([Line("a", 1.0, 3 * SAMPLE_RATE), Line("b", 3.0, SAMPLE_RATE)], HOUR)
    assert (first.start, first.end) == (SAMPLE_RATE, 3 * SAMPLE_RATE - GAP)
    assert first.cut == SAMPLE_RATE + GAP
    assert (second.start, second.cut) == (3 * SAMPLE_RATE, 0)
