"""Cues that say one thing together, and a translation put back on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_subtitles.rules import Cue, Rules, validate
from octavia_subtitles.sentences import cues_of, passages
from octavia_subtitles.spreading import spread
from octavia_subtitles.width import columns, tidy

RULES = Rules()


def cues(*texts: str, seconds: float = 2.0, gap: float = 0.1) -> list[Cue]:
    """Cues one behind the other; `|` breaks a line."""
    step = round((seconds + gap) * 1000)
    return [
        Cue(n * step, n * step + round(seconds * 1000), tuple(text.split("|")))
        for n, text in enumerate(texts)
    ]


def said(*texts: str, most_ms: int = 20_000, **times: float) -> list[tuple[str, str]]:
    return [(each.id, each.text) for each in passages(cues(*texts, **times), most_ms=most_ms)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("I went to", "the market.", "Then home."), ["cue-1-2", "cue-3"]),
        (("We met John", "Smith in Paris,", "of all places.", "Yes."), ["cue-1-3", "cue-4"]),
        (("- Who is there?|- Nobody.", "Good."), ["cue-1", "cue-2"]),
        (("Come here!", "- why?"), ["cue-1", "cue-2"]),
        (("[door slams]", "what was that?"), ["cue-1", "cue-2"]),
        (("one two three", "Four five six", "Seven eight nine"), ["cue-1", "cue-2", "cue-3"]),
        (("one two three", "and four five"), ["cue-1-2"]),
        (("今日は天気が", "いいですね。", "はい。"), ["cue-1-2", "cue-3"]),
        (("今天天气很好", "我们去公园吧"), ["cue-1", "cue-2"]),
        (("وصلنا إلى", "المدينة أخيرا.", "حسنا."), ["cue-1-2", "cue-3"]),
        (("♪", "Hello.", "…", "Bye."), ["cue-2", "cue-4"]),
    ],
)
def test_a_sentence_is_told_by_how_its_cues_end_and_go_on(texts, expected):
    assert [name for name, _ in said(*texts)] == expected


def test_a_pause_ends_a_sentence_whatever_is_written():
    assert [name for name, _ in said("I went to", "the market.", gap=1.6)] == ["cue-1", "cue-2"]


def test_cues_that_are_shown_at_once_say_different_things():
    both = [Cue(0, 3000, ("I went to",)), Cue(500, 2500, ("the market",))]
    assert len(passages(both, most_ms=20_000)) == 2


def test_an_ellipsis_that_stands_for_the_break_goes_and_lines_join_as_their_script_does():
    assert said("I was...", "...going home.") == [("cue-1-2", "I was going home.")]
    assert said("今日は天気が", "いいですね。")[0][1] == "今日は天気がいいですね。"
    assert said("우리는 어제", "집에 갔다.")[0][1] == "우리는 어제 집에 갔다."


def test_what_is_too_long_for_one_line_is_halved_where_a_clause_ends():
    texts = ("when we came,", "he had left,", "and nobody knew", "where he was.")
    assert [name for name, _ in said(*texts, most_ms=5000)] == ["cue-1-2", "cue-3-4"]
    assert [name for name, _ in said(*texts, most_ms=1000)] == ["cue-1", "cue-2", "cue-3", "cue-4"]


@pytest.mark.parametrize("name", ["0001-02", "cue", "cue-x", "cue-1-2-3", "cue--1", "x-1", "cue-²"])
def test_other_names_tell_of_no_cue(name):
    assert len(cues_of(name)) == 0


def test_a_name_tells_of_its_cues():
    assert list(cues_of("cue-7")) == [6]
    assert list(cues_of("cue-7-9")) == [6, 7, 8]


TEXTS = [
    "Ayer fuimos al mercado, y después, sin decir nada a nadie, volvimos a casa.",
    "昨日私たちは市場へ行き、それから誰にも何も言わずに家に帰りました。",
    "ذهبنا أمس إلى السوق، ثم عدنا إلى البيت من غير أن نقول شيئا لأحد.",
    "Вчера мы пошли на рынок, а потом, никому ничего не сказав, вернулись домой.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_sentence_is_spread_over_its_cues_and_nothing_is_lost(text):
    times = cues(
        "Yesterday we went to the market,",
        "and then, not saying",
        "anything to anybody, went home.",
        seconds=3,
    )
    placed = spread(text, times, RULES)
    assert len(placed) == 3
    assert all(placed)
    joint = "" if "私" in text else " "
    assert joint.join(joint.join(lines) for lines in placed) == text
    shown = [Cue(cue.start_ms, cue.end_ms, lines) for cue, lines in zip(times, placed, strict=True)]
    assert [each for each in validate(shown, RULES) if each.rule != "gap"] == []
    widths = [sum(map(columns, lines)) for lines in placed]
    assert max(widths) <= 2.5 * min(widths), widths


def test_a_dialogue_keeps_a_line_a_speaker():
    (placed,) = spread("- ¿Quién es? - Nadie.", cues("- Who is it?|- Nobody."), RULES)
    assert placed == ("- ¿Quién es?", "- Nadie.")


def test_fewer_words_than_cues_stay_on():
    assert spread("Hola amigos", cues("Hello", "my dear", "friends"), RULES) == (
        ("Hola",),
        ("amigos",),
        ("amigos",),
    )


def test_what_has_no_text_shows_nothing():
    assert spread(" ", cues("Hello", "you"), RULES) == ((), ())


@given(
    st.lists(st.text("abc de,. 今日、。", min_size=1, max_size=60), min_size=1, max_size=6),
    st.text("xyz uv,. 明日、。", max_size=300),
)
def test_any_text_lies_on_any_cues_within_the_width(originals, text):
    times = cues(*originals)
    placed = spread(text, times, RULES)
    assert len(placed) == len(times)
    assert all(columns(line) <= RULES.columns_a_line for lines in placed for line in lines)
    shown = "".join("".join(lines) for lines in placed).replace(" ", "")
    assert shown.startswith(tidy(text).replace(" ", ""))
