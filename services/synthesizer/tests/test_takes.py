"""Each take of a line is another way to say it, and there is an end to them."""

from hypothesis import given
from hypothesis import strategies as st
from octavia_synthesizer.takes import way_of


def ways(text: str, language: str = "en", *, seeds: bool = False) -> list[tuple[tuple[str, ...], int] | None]:
    found = [way_of(text, language, take, seeds=seeds) for take in range(3)]
    return [None if way is None else (way.parts, way.seed) for way in found]


def test_first_as_it_is_then_spelled_out_then_in_parts():
    assert ways("Mr. Lee, 12 of us.") == [
        (("Mr. Lee, 12 of us.",), 0),
        (("Mister Lee, twelve of us.",), 0),
        (("Mister Lee,", "twelve of us."), 0),
    ]


def test_what_cannot_be_said_in_another_way_is_not_said_again_by_an_engine_without_dice():
    assert ways("Good morning.") == [(("Good morning.",), 0), None, None]
    assert ways("Well, good morning.")[1:] == [(("Well,", "good morning."), 0), None]
    assert ways("Good morning.", seeds=True) == [(("Good morning.",), seed) for seed in range(3)]


def test_a_long_line_without_a_comma_is_halved():
    (_, way, _) = ways("one two three four five six seven eight nine ten")
    assert way == (("one two three four five", "six seven eight nine ten"), 0)


@given(st.text(max_size=80), st.sampled_from(["en", "es", "zh", "xx"]), st.booleans())
def test_takes_differ_and_lose_no_word(text, language, seeds):
    made = [way for take in range(3) if (way := way_of(text, language, take, seeds=seeds)) is not None]
    assert made[0].parts == (text,)
    assert len(set(made)) == len(made)
    letters = [sum(map(str.isalnum, "".join(way.parts))) for way in made[1:]]
    assert len(set(letters)) <= 1
