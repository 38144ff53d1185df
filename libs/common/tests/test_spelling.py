"""Text as it is said."""

import pytest
from octavia_common.spelling import numbers_spelled_out, spelled_out


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Mr. Smith has 25 cats.", "en", "Mister Smith has twenty-five cats."),
        ("It costs $12 & 5% more.", "en-US", "It costs twelve dollars and five percent more."),
        ("The USA and NASA use HTTP.", "en", "The U S A and NASA use H T T P."),
        ("El Sr. Gil, 3 €", "es", "El Señor Gil, tres euros"),
        ("1,000 people", "en", "one thousand people"),
        ("No. It ends here.", "en", "No. It ends here."),
        ("nothing to say", "xx", "nothing to say"),
        ("12 of them", "xx", "12 of them"),
    ],
)
def test_what_is_written_short_is_spelled_out(text: str, language: str, said: str) -> None:
    assert spelled_out(text, language) == said


def test_numbers_alone() -> None:
    assert numbers_spelled_out("Mr. 2.5", "en") == "Mr. two point five"
    assert numbers_spelled_out("1234567890123456", "en").startswith("one two three")
