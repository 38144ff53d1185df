"""Segments: ordered, apart, bounded, whole, stable, and at the acoustic edges of speech."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from octavia_common.documents import SpeechRegion, Word
from octavia_common.events import ChunkRef
from octavia_transcriber.segmentation import SegmentRules, make_segments, tidy

RULES = SegmentRules()


def chunk(end: float = 40.0, index: int = 0) -> ChunkRef:
    return ChunkRef(index=index, total=9, start=0, end=end, next_speech_start=end + 1)


def spoken(start: float, count: int, *, each: float = 0.4, texts: list[str] | None = None) -> list[Word]:
    texts = texts or [f"w{n}" for n in range(count)]
    return [
        Word(text=text, start=start + n * each, end=start + (n + 1) * each)
        for n, text in zip(range(count), texts, strict=True)
    ]


def region(words: list[Word], before: float = 0.0, after: float = 0.0) -> SpeechRegion:
    return SpeechRegion(start=words[0].start - before, end=words[-1].end + after)


@st.composite
def recognised(draw: st.DrawFn) -> tuple[list[Word], list[SpeechRegion]]:
    """Regions as the finder gives them, with words whose times wander by up to 80 ms."""
    now, words, regions = 0.5, [], []
    for _ in range(draw(st.integers(0, 8))):
        now = round(now + draw(st.floats(0.13, 2.5)), 3)
        start = now
        for _ in range(draw(st.integers(0, 25))):
            length = draw(st.floats(0.05, 0.8))
            wander = draw(st.floats(-0.08, 0.08))
            words.append(Word(text=f"w{len(words)}", start=max(0, now + wander), end=now + length + wander))
            now += length
        now = round(now + draw(st.floats(0.15, 0.4)), 3)
        regions.append(SpeechRegion(start=start, end=now))
    return words, regions


@settings(deadline=None)
@given(recognised())
def test_segments_are_ordered_apart_and_within_their_slots(given_words):
    words, regions = given_words
    segments = make_segments(words, regions, chunk(end=200))
    for segment in segments:
        assert segment.start <= segment.end
        assert segment.start < segment.slot_end
        assert any(r.start - 0.001 <= segment.start <= r.end + 0.001 for r in regions)
    for one, two in itertools.pairwise(segments):
        assert one.end <= two.start + 0.001
        assert one.slot_end < two.start
        if two.start - one.start > 0.1:
            assert one.slot_end <= two.start - RULES.guard + 0.001


@settings(deadline=None)
@given(recognised())
def test_every_word_is_in_exactly_one_segment_in_order(given_words):
    words, regions = given_words
    segments = make_segments(words, regions, chunk(end=200))
    assert [word for segment in segments for word in segment.words] == words


@settings(deadline=None)
@given(recognised())
def test_segments_are_bounded_and_never_run_over_a_long_pause(given_words):
    words, regions = given_words
    for segment in make_segments(words, regions, chunk(end=200)):
        assert segment.end - segment.start <= RULES.longest + 0.4 + 0.1
        inside = [r for r in regions if r.start < segment.end and r.end > segment.start]
        spoken_in = [r for r in inside if any(w.start < r.end and w.end > r.start for w in segment.words)]
        for one, two in itertools.pairwise(spoken_in):
            assert two.start - one.end < RULES.always_break


@settings(deadline=None)
@given(recognised())
def test_the_same_words_give_the_same_segments(given_words):
    words, regions = given_words
    one, two = (make_segments(words, regions, chunk(end=200, index=3)) for _ in range(2))
    assert one == two
    assert [segment.id for segment in one] == [f"0003-{n + 1:02d}" for n in range(len(one))]


def test_edges_are_those_of_the_sound_not_of_the_words():
    words = spoken(1.0, 5)
    heard = region(words, before=0.12, after=-0.1)
    (segment,) = make_segments(words, [heard], chunk())
    assert (segment.start, segment.end) == (heard.start, heard.end)


def test_a_sound_before_the_first_word_does_not_pull_the_line_forward():
    words = spoken(3.0, 5)
    (segment,) = make_segments(words, [region(words, before=2.0)], chunk())
    assert segment.start == 3.0


def test_pieces_apart_by_06_s_are_two_lines_and_short_ones_apart_by_less_are_one():
    one, near = spoken(1.0, 3), spoken(2.6, 4)
    far = spoken(2.8, 4)
    assert len(make_segments(one + near, [region(one), region(near)], chunk())) == 1
    assert len(make_segments(one + far, [region(one), region(far)], chunk())) == 2


def test_a_pause_of_04_s_parts_two_clauses_of_good_length():
    one, two = spoken(1.0, 9), spoken(5.0, 9)
    segments = make_segments(one + two, [region(one), region(two)], chunk())
    assert [len(segment.words) for segment in segments] == [9, 9]


def test_long_speech_is_broken_at_its_sentence_end():
    words = spoken(0.0, 30)
    words[11] = words[11].model_copy(update={"text": "end."})
    segments = make_segments(words, [region(words)], chunk())
    assert segments[0].words[-1].text == "end."
    assert all(1.5 <= segment.end - segment.start <= 9 for segment in segments)


def test_the_slot_reaches_to_the_next_speech_less_50_ms_also_into_the_next_chunk():
    one, two = spoken(1.0, 5), spoken(5.0, 5)
    segments = make_segments(one + two, [region(one), region(two)], chunk(end=10))
    assert [segment.slot_end for segment in segments] == [4.95, 10.95]


def test_speech_that_was_not_understood_is_not_run_into():
    words = spoken(1.0, 5)
    other = SpeechRegion(start=6.0, end=7.0)
    (segment,) = make_segments(words, [region(words), other], chunk())
    assert segment.slot_end == 5.95


def test_words_heard_in_silence_are_dropped():
    words = spoken(1.0, 5)
    ghost = [Word(text="ghost", start=10, end=10.5)]
    (segment,) = make_segments(words + ghost, [region(words)], chunk())
    assert "ghost" not in segment.text
    assert make_segments(ghost, [], chunk()) == ()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["and", "i", "said"], "And I said"),
        (["i'm", "in", "it's"], "I'm in it's"),
        ([], ""),
        (["élan"], "Élan"),
    ],
)
def test_tidy(words, line):
    assert tidy(words) == line


@pytest.mark.parametrize(
    ("language", "words", "line"),
    [
        ("it", ["i", "libri"], "I libri"),
        ("it", ["sono", "i", "libri"], "Sono i libri"),
        ("zh-Hans", ["今", "天", "，", "AI", "API", "好"], "今天，AI API好"),
        ("ja", ["は", "い。"], "はい。"),
    ],
)
def test_lines_are_written_as_their_language_is(language, words, line):
    assert tidy(words, language) == line


def test_a_segment_has_one_speaker_however_short_the_pause():
    one, two = spoken(1.0, 4), spoken(2.6, 4)
    regions = [region(one), region(two).model_copy(update={"speaker": "S2"})]
    segments = make_segments(one + two, regions, chunk())
    assert [(segment.speaker, len(segment.words)) for segment in segments] == [("S1", 4), ("S2", 4)]
