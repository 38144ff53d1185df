"""How long a line may sound: the promises of the design, for any line and any slot."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.documents import TranslatedSegment
from octavia_synthesizer.fitting import SAMPLE_RATE, SHORTEST_SLOT, Slot, fit, flags

SECONDS = SAMPLE_RATE
NATURAL = st.integers(1, 60 * SECONDS)
SLOTS = st.builds(
    lambda limit, share: Slot(source=int(limit * share), limit=limit),
    st.integers(SHORTEST_SLOT, 60 * SECONDS),
    st.floats(0, 1),
)


def segment(start: float, end: float, slot_end: float) -> TranslatedSegment:
    return TranslatedSegment(
        id="1", speaker="S1", start=start, end=end, slot_end=slot_end, source_text="x", text="y"
    )


@given(NATURAL, SLOTS)
def test_nothing_that_is_accepted_outlasts_the_slot(natural, slot):
    aim = fit(natural, slot)
    assert 1 <= aim.shortest <= aim.target <= aim.longest
    assert aim.shortest <= aim.middle <= aim.longest
    assert aim.accepts(aim.target)
    assert aim.limit == slot.limit
    # Longer than the slot is only what would be too fast to be understood, and that is cut.
    assert aim.longest <= slot.limit or aim.target == aim.longest == ceil(natural / Fraction(3, 2))


@given(st.floats(0.001, 1.1999), SLOTS)
def test_a_line_that_can_fit_unnoticed_is_played_between_085_and_12(times, slot):
    natural = ceil(times * slot.limit)
    aim = fit(natural, slot)
    for length in (aim.shortest, aim.target, aim.longest):
        # One sample of rounding: there is no half sample to play.
        assert 0.85 * (length - 1) < natural <= 1.2 * length
        assert flags(natural, length) == ()


@given(st.floats(1.2001, 1.4999), SLOTS)
def test_a_line_that_can_fit_at_15_is_stretched_no_further_and_flagged(times, slot):
    natural = ceil(times * slot.limit)
    aim = fit(natural, slot)
    assert aim.longest == slot.limit
    for length in (aim.shortest, aim.target, aim.longest):
        assert natural <= 1.5 * length
        assert flags(natural, length) == ("rate_stretched",)


@given(st.floats(1.5001, 100), SLOTS)
def test_what_does_not_fit_is_no_faster_than_15_uses_the_whole_slot_and_is_flagged(times, slot):
    natural = ceil(times * slot.limit)
    aim = fit(natural, slot)
    assert aim.shortest == aim.target == aim.longest == ceil(natural / Fraction(3, 2)) > slot.limit
    assert flags(natural, slot.limit, aim.target - slot.limit) == ("rate_stretched", "too_long")


@pytest.mark.parametrize(
    ("natural", "source", "limit", "target"),
    [
        (2.0, 2.0, 4.0, 2.0),  # fits as it is
        (1.8, 2.0, 4.0, 2.0),  # slower, to end with the source
        (1.02, 2.0, 4.0, 1.2),  # much shorter: no slower than 0.85
        (2.3, 2.0, 4.0, 2.0),  # faster, to end with the source
        (3.0, 2.0, 4.0, 2.5),  # at 1.2, into the pause
        (4.8, 2.0, 4.0, 4.0),  # at 1.2, to the slot's end
        (5.6, 2.0, 4.0, 4.0),  # at 1.4
        (9.0, 2.0, 4.0, 6.0),  # at 1.5, and its end is not heard
    ],
)
def test_what_is_aimed_at(natural, source, limit, target):
    aim = fit(round(natural * SECONDS), Slot(source=round(source * SECONDS), limit=round(limit * SECONDS)))
    assert aim.target == round(target * SECONDS)


@given(st.floats(0, 36_000), st.floats(0.2, 20), st.floats(0, 5))
def test_a_slot_ends_where_the_next_speech_may_begin_on_absolute_time(start, length, pause):
    """Error must not add up: what is placed at round(start) ends before slot_end, an hour in or ten."""
    slot_end = start + length + pause
    slot = Slot.of(segment(start, start + length, slot_end))
    assert (round(start * SAMPLE_RATE) + slot.limit) / SAMPLE_RATE <= slot_end + 1e-9
    assert abs(slot.limit / SAMPLE_RATE - (length + pause)) < 2 / SAMPLE_RATE
    assert slot.source <= slot.limit


def test_slots_that_are_too_short_or_upside_down():
    assert not Slot.of(segment(5, 6, 5.05)).usable
    assert not Slot.of(segment(5, 6, 4)).usable
    assert Slot.of(segment(5, 6, 5.5)).usable
    with pytest.raises(ValueError, match="cannot be fitted"):
        fit(100, Slot(0, 0))
    with pytest.raises(ValueError, match="cannot be fitted"):
        fit(0, Slot(10, 10))
