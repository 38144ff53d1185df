"""How much text fits into a slot."""

import pytest
from octavia_translator import budgets

SOURCE = "We will meet again on the hill."


@pytest.mark.parametrize(
    ("language", "most"), [("es", 54), ("de", 54), ("zh", 18), ("ja", 24), ("ko", 27), ("ar", 54)]
)
def test_characters_are_those_of_the_target_language(language: str, most: int) -> None:
    assert budgets.characters(SOURCE, 3.0, language) == most


def test_hurried_speech_may_keep_three_fifths_of_its_length() -> None:
    source = "x" * 100
    assert budgets.characters(source, 1.0, "es") == 60
    assert budgets.fits("y" * 60, source, 1.0)
    assert not budgets.fits("y" * 61, source, 1.0)


def test_a_dense_script_fits_by_what_it_takes_to_say_it() -> None:
    assert budgets.fits("我们明天在山上再见", SOURCE, 2.0)
    assert not budgets.fits("我们明天在山上再见" * 2, SOURCE, 2.0)
