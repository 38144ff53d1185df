"""What stands around Whisper and needs no model: windows, guards, languages, sizes, batches."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.documents import SpeechRegion, Word
from octavia_common.errors import EngineUnavailableError
from octavia_transcriber.engines.whisper.guards import Figures, Guards, Verdict
from octavia_transcriber.engines.whisper.languages import tag_of, whisper_code
from octavia_transcriber.engines.whisper.memory import Batches, is_out_of_memory
from octavia_transcriber.engines.whisper.models import offered, sizes_of
from octavia_transcriber.engines.whisper.windows import MOST_SECONDS, Stretch, spoken, wanted, windows

GUARDS = Guards()


@st.composite
def speech(draw: st.DrawFn) -> list[Stretch]:
    now, found = 0.0, []
    for pause, length in draw(st.lists(st.tuples(st.floats(0.1, 6), st.floats(0.2, 40)), max_size=12)):
        found.append(Stretch(now + pause, now + pause + length))
        now = found[-1].end
    return found


@given(speech())
def test_windows_cover_all_speech_in_order_and_none_is_longer_than_whisper_hears(stretches):
    found = windows(stretches)
    assert all(0 < window.seconds <= MOST_SECONDS + 1e-6 for window in found)
    for one, two in itertools.pairwise(found):
        assert one.end <= two.start + 1e-9
    for stretch in stretches:
        inside = sum(
            max(0.0, min(window.end, stretch.end) - max(window.start, stretch.start)) for window in found
        )
        assert inside == pytest.approx(stretch.seconds)


def test_windows_are_as_even_as_the_pauses_allow():
    sentences = [Stretch(5.0 * n, 5.0 * n + 4.5) for n in range(8)]
    assert [window.seconds for window in windows(sentences)] == [19.5, 19.5]


def test_long_silence_is_never_inside_a_window():
    assert len(windows([Stretch(0, 2), Stretch(4, 6), Stretch(10, 12)])) == 2


def test_only_speech_of_the_plan_is_heard_and_nothing_in_silence_is_kept():
    stretches = [Stretch(0, 2), Stretch(5, 7)]
    assert wanted(stretches, [SpeechRegion(start=1, end=1.5)]) == [Stretch(0, 2)]
    words = [Word(text=str(start), start=start, end=start + 0.3) for start in (0.5, 2.1, 3.5, 6.9)]
    assert [word.text for word in spoken(words, stretches)] == ["0.5", "2.1", "6.9"]


@pytest.mark.parametrize(
    ("log_probability", "no_speech", "compression", "first", "last"),
    [
        (-0.2, 0.1, 1.3, Verdict.KEEP, Verdict.KEEP),
        (-0.2, 0.9, 1.3, Verdict.KEEP, Verdict.KEEP),  # sure of its words: somebody does speak
        (-1.4, 0.9, 1.3, Verdict.DROP, Verdict.DROP),
        (-1.4, 0.1, 1.3, Verdict.AGAIN, Verdict.KEEP),
        (-0.2, 0.1, 9.0, Verdict.AGAIN, Verdict.DROP),
    ],
)
def test_guards(log_probability, no_speech, compression, first, last):
    figures = Figures(log_probability, no_speech, compression)
    assert (GUARDS.first(figures), GUARDS.last(figures)) == (first, last)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("EN_us", "en"),
        ("pt-BR", "pt"),
        ("nb", "no"),
        ("fil", "tl"),
        ("jv", "jw"),
        ("zh-HK", "yue"),
        ("zh-Hant-TW", "zh"),
        ("tlh", None),
        ("und", None),
    ],
)
def test_tags_become_codes(tag, code):
    assert whisper_code(tag, {"en", "pt", "no", "tl", "jw", "zh", "yue"}) == code


def test_cantonese_is_chinese_to_a_model_that_has_no_name_for_it():
    assert whisper_code("yue", {"zh"}) == whisper_code("zh-HK", {"zh"}) == "zh"
    assert tag_of("jw") == "jv"


def test_jobs_may_ask_for_the_one_model_where_no_sizes_are_set():
    assert offered("", "/models/faster-whisper-large-v3") == {
        "faster-whisper-large-v3": "/models/faster-whisper-large-v3"
    }
    assert offered("small", "large-v3-turbo") == {"small": "small"}


def test_sizes_are_names_or_paths():
    assert sizes_of("") == {}
    assert sizes_of("small, large = /models/large") == {"small": "small", "large": "/models/large"}
    for wrong in ("small=", "=x"):
        with pytest.raises(EngineUnavailableError, match="NAME=MODEL"):
            sizes_of(wrong)


def test_batches_shrink_only_for_lack_of_memory_and_stay_small():
    batches, tried = Batches(8), []

    def work(size: int) -> str:
        tried.append(size)
        if size > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        return "done"

    assert batches.attempt(work) == batches.attempt(work) == "done"
    assert tried == [8, 4, 2, 2]

    def broken(size: int) -> str:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        batches.attempt(broken)

    def never(size: int) -> str:
        raise MemoryError

    with pytest.raises(MemoryError):
        batches.attempt(never)
    assert is_out_of_memory(RuntimeError("std::bad_alloc"))
