"""Utterances: what is decoded in one go."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_common.documents import SpeechRegion
from octavia_transcriber.engines.utterances import PAUSE_SECONDS, utterances


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.13, 2), st.floats(0.15, 5)), max_size=12))
def test_utterances_cover_all_speech_apart_from_each_other(steps):
    now, regions = 0.0, []
    for pause, length in steps:
        regions.append(SpeechRegion(start=now + pause, end=now + pause + length))
        now = regions[-1].end
    found = utterances(regions, now)
    for region in regions:
        assert any(start <= region.start and region.end <= end for start, end in found)
    for (_, end), (start, _) in itertools.pairwise(found):
        assert end <= start + 1e-9
    assert all(0 <= start < end <= now for start, end in found)


def test_regions_with_short_pauses_are_one_utterance():
    regions = [
        SpeechRegion(start=1, end=2),
        SpeechRegion(start=2.2, end=3),
        SpeechRegion(start=3 + PAUSE_SECONDS, end=5),
    ]
    assert len(utterances(regions, 6)) == 2
