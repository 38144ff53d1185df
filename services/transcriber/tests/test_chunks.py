"""Chunks cover all speech once, in order, apart from each other, and stay bounded."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_common.documents import SpeechRegion
from octavia_transcriber.planning.chunks import ChunkRules, cut_into_chunks

RULES = ChunkRules()


def midway(start: float, end: float) -> float:
    return (start + end) / 2


@st.composite
def speech(draw: st.DrawFn) -> tuple[list[SpeechRegion], float]:
    """Regions as the finder gives them (0.15 s and more, pauses over 0.12 s), and the media's length."""
    steps = draw(st.lists(st.tuples(st.floats(0.13, 40), st.floats(0.15, 130)), max_size=40))
    now, regions = 0.0, []
    for pause, length in steps:
        start = round(now + pause, 2)
        now = round(start + length, 2)
        regions.append(SpeechRegion(start=start, end=now))
    return regions, now + draw(st.floats(0, 20))


@settings(deadline=None)
@given(speech())
def test_chunks_cover_all_speech_once_in_order_and_bounded(given_speech):
    regions, duration = given_speech
    cuts = cut_into_chunks(regions, duration, midway)

    covered = [(r.start, r.end) for cut in cuts for r in cut.regions]
    rejoined: list[tuple[float, float]] = []
    for start, end in covered:
        if rejoined and rejoined[-1][1] == start:
            rejoined[-1] = (rejoined[-1][0], end)
        else:
            rejoined.append((start, end))
    assert rejoined == [(r.start, r.end) for r in regions]

    for cut in cuts:
        assert 0 <= cut.start <= cut.regions[0].start
        assert cut.regions[-1].end <= cut.end <= max(duration, cut.regions[-1].end)
        assert cut.end - cut.start <= RULES.longest + 1e-6
    for one, two in itertools.pairwise(cuts):
        assert one.end <= two.start + 1e-9
        assert one.next_speech_start == two.regions[0].start
    if cuts:
        assert cuts[-1].next_speech_start >= duration - 1e-9


@settings(deadline=None)
@given(speech())
def test_speech_is_cut_only_where_it_never_pauses(given_speech):
    regions, duration = given_speech
    whole = {(r.start, r.end) for r in regions}
    for cut in cut_into_chunks(regions, duration, midway):
        for region in cut.regions:
            if (region.start, region.end) not in whole:
                source = next(r for r in regions if r.start <= region.start and region.end <= r.end)
                assert source.end - source.start > RULES.longest - 2 * RULES.margin


def test_speech_without_a_pause_is_cut_at_its_quietest_moment():
    asked = []

    def quietest(start: float, end: float) -> float:
        asked.append((start, end))
        return 25.0

    cuts = cut_into_chunks([SpeechRegion(start=1, end=61)], 62, quietest)
    assert [round(cut.end, 2) for cut in cuts] == [25.0, 61.25]
    assert asked[0][0] < 25 < asked[0][1]


def test_a_minute_of_sentences_becomes_two_chunks_of_half_a_minute():
    regions = [SpeechRegion(start=t, end=t + 4.5) for t in range(0, 60, 5)]
    cuts = cut_into_chunks(regions, 60, midway, ChunkRules(parts=1))
    assert [len(cut.regions) for cut in cuts] == [6, 6]


def test_the_longer_pause_is_preferred():
    regions = [SpeechRegion(start=t, end=t + 4.7) for t in (0, 5, 10, 15, 20, 27, 32, 37, 42, 47, 52)]
    cuts = cut_into_chunks(regions, 60, midway, ChunkRules(parts=1))
    assert cuts[0].regions[-1].end == 24.7


def test_a_short_source_is_cut_finer_so_that_more_workers_share_it():
    def chunks(sentences: int) -> int:
        regions = [SpeechRegion(start=t * 5, end=t * 5 + 4.5) for t in range(sentences)]
        return len(cut_into_chunks(regions, sentences * 5.0, midway))

    assert [chunks(sentences) for sentences in (2, 12, 24, 48, 480)] == [1, 4, 8, 8, 80]


def test_no_speech_gives_no_chunks():
    assert cut_into_chunks([], 10, midway) == []
