"""The background's envelope: down under speech, all of it in pauses, the same in any blocks."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_assembler.sound.ducking import Ducking, Envelope, Region, merge
from octavia_assembler.timeline import SAMPLE_RATE

DUCKING = Ducking(depth_db=26, attack_seconds=0.05, release_seconds=0.2, bridge_seconds=0.1)
DEPTH = 10 ** (-26 / 20)

regions = st.lists(
    st.tuples(st.integers(0, 400_000), st.integers(0, 100_000)).map(lambda r: Region(r[0], r[0] + r[1])),
    max_size=8,
)


@settings(deadline=None)
@given(regions)
def test_speech_is_at_the_depth_and_pauses_at_full_level(speech: list[Region]) -> None:
    gain = Envelope(speech, DUCKING).gain(0, 600_000)
    assert gain.min() >= DEPTH * 0.999
    assert gain.max() <= 1.0
    near = np.zeros(600_000, dtype=bool)
    for each in speech:
        assert np.allclose(gain[each.start : each.end], DEPTH)
    for each in merge(speech, closer_than=round(0.35 * SAMPLE_RATE)):
        near[max(0, each.start - round(0.05 * SAMPLE_RATE)) : each.end + round(0.2 * SAMPLE_RATE)] = True
    assert np.array_equal(gain[~near], np.ones(np.count_nonzero(~near), dtype=np.float32))


@settings(deadline=None)
@given(regions, st.lists(st.integers(1, 599_999), max_size=6))
def test_blocks_of_any_size_give_the_same_envelope(speech: list[Region], cuts: list[int]) -> None:
    envelope = Envelope(speech, DUCKING)
    edges = [0, *sorted(set(cuts)), 600_000]
    pieces = [envelope.gain(a, b - a) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), envelope.gain(0, 600_000))


@settings(deadline=None)
@given(regions)
def test_the_envelope_never_jumps(speech: list[Region]) -> None:
    steps = np.abs(np.diff(20 * np.log10(Envelope(speech, DUCKING).gain(0, 600_000))))
    assert steps.max() <= 26 / (0.05 * SAMPLE_RATE) * 1.01
