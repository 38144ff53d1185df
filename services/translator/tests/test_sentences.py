"""Capitals and full stops that speech recognition leaves out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_translator.sentences import Sentence, capitalised, tidy, to_line, to_sentence, with_capitals


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("and so i'm here", Sentence("And so I'm here.", True)),
        ("i think i can i will", Sentence("I think I can I will.", True)),
        ("And so, my friends", Sentence("And so, my friends", False)),
        ("is it so?", Sentence("is it so?", False)),
        ("", Sentence("", True)),
        ("  two\n lines\x00 ", Sentence("Two lines.", True)),
    ],
)
def test_to_sentence(text, sentence):
    assert to_sentence(text, "en-US") == sentence


def test_lone_i_is_a_pronoun_in_english_only():
    assert to_sentence("pan i pani", "pl").text == "Pan i pani."


def test_to_line_follows_the_source():
    bare, whole = Sentence("x.", True), Sentence("X", False)
    assert to_line("hola  mundo", bare) == "Hola mundo."
    assert to_line("¿hola mundo ?", bare) == "¿Hola mundo?"
    assert to_line("hola , mundo", whole) == "hola, mundo"
    assert to_line("", bare) == ""


def test_with_capitals_changes_whole_words_only():
    assert (
        with_capitals("my fellow americans and american", ["Americans"]) == "my fellow Americans and american"
    )


@given(st.text())
def test_text_survives(text):
    assert tidy(tidy(text)) == tidy(text)
    assert len(tidy(text)) <= 4 * len(text) + 1
    assert "\n" not in tidy(text)
    assert "\0" not in tidy(text)
    assert capitalised(text).casefold() == text.casefold()
    assert to_sentence(text, "en").text.casefold().startswith(tidy(text).casefold())
