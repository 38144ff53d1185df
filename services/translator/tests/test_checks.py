"""What counts as a translation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_translator.checks import lost_numbers, problem_of, repeats, script_share, weight
from octavia_translator.engine import Answer

SOURCE = "Ask what you can do for your country."


def problem(text: str, target: str = "es", source: str = SOURCE, **counts) -> str | None:
    return problem_of(source, Answer("1", text, **counts), target)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Preguntad qué podéis hacer por vuestro país.", "es"),
        ("Спросите, что вы можете сделать для своей страны.", "ru"),
        ("問你能為你的國家做些什麼。", "zh-Hant"),
        ("あなたが国のために何ができるかを問おう。", "ja"),
        ("당신이 나라를 위해 무엇을 할 수 있는지 물어보십시오.", "ko"),
        ("पूछिए कि आप अपने देश के लिए क्या कर सकते हैं।", "hi"),
        ("שאל מה אתה יכול לעשות למען ארצך.", "he"),
    ],
)
def test_translations_pass(text, target):
    assert problem(text, target) is None


@pytest.mark.parametrize(
    ("text", "target", "why"),
    [
        ("", "es", "empty"),
        ("…", "es", "empty"),
        ("ask what you can do, for your country", "es", "the source again"),
        ("Preguntad qué podéis hacer por vuestro país.", "ru", "wrong script"),
        ("Спросите, что вы можете.", "es", "wrong script"),
        ("Preguntad.", "es", "length ratio"),
        ("Preguntad " * 20, "es", "length ratio"),
    ],
)
def test_what_is_no_translation_is_told(text, target, why):
    assert problem(text, target) == why


def test_unknown_words_decide_where_the_engine_counts_them():
    assert problem(SOURCE, words=8, unknown_words=5) == "mostly unknown words"
    assert problem(SOURCE, words=8, unknown_words=4) is None
    assert problem("Importante para todos.", "pt", "Importante para todos.", words=3, unknown_words=0) is None


def test_nothing_to_translate_and_short_lines():
    assert problem("42", source="42") is None
    assert problem("", source="…") is None
    assert problem("No.", source="No.") is None
    assert problem("Sí.", source="Yes, sir.") is None


@given(st.text(min_size=1))
def test_measures_hold_for_any_text(text):
    assert 0 <= script_share(text, "en") <= 1
    assert weight(text) >= len(text)
    assert repeats(text, text.upper().lower()) in (True, False)
    assert problem_of(text, Answer("1", ""), "es") in (None, "empty")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("It cost 1,000 dollars.", "Costó 1.000 dólares."),
        ("About 25,000 people came.", "大约有2万5千人来了。"),
        ("About 25,000 people came.", "约2.5万人。"),
        ("The two of us met 12 times.", "Nos vimos doce veces."),
        ("In 1984 it was 3.75 meters.", "En 1984 medía 3,75 metros."),
        ("Chapter 45.", "الفصل ٤٥."),
    ],
)
def test_numbers_are_kept_however_they_are_written(source, text):
    assert lost_numbers(source, text) == ()


@pytest.mark.parametrize(
    ("source", "text", "lost"),
    [
        ("In 1984 it was new.", "En 1948 era nuevo.", ("1984",)),
        ("Turn to page 350 or 27.", "Ve a la página 27.", ("350",)),
        ("It cost 1,250 dollars.", "Costó mucho dinero.", ("1,250",)),
    ],
)
def test_a_lost_number_is_named(source, text, lost):
    assert lost_numbers(source, text) == lost
    assert problem_of(source, Answer("1", text), "es") == "numbers lost"
