"""Versions of lines are chosen together: exactly, and never worse than the first ones."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from octavia_common.documents import SpokenSegment
from octavia_common.events import ArtifactRef
from octavia_synthesizer.choosing import best_path, chosen, cost, versions

from .conftest import segment_of

SOUND = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="audio/flac")


def spoken(
    number: int, text: str, rate: float, duration: float = 3.0, *, sounds: bool = True
) -> SpokenSegment:
    segment = segment_of(number, text)
    return SpokenSegment(
        **segment.model_dump(), audio=SOUND if sounds else None, duration=duration, rate=rate
    )


LINES = st.lists(
    st.lists(
        st.builds(
            lambda rate, duration, sounds: (rate, duration, sounds),
            st.floats(0.5, 3.0),
            st.floats(0.2, 3.9),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    ),
    max_size=5,
).map(
    lambda lines: [
        [spoken(number, f"v{place}", *version[:2], sounds=version[2]) for place, version in enumerate(line)]
        for number, line in enumerate(lines)
    ]
)


@given(LINES)
def test_no_choice_at_all_costs_less(lines):
    best = best_path(lines)
    every = list(product(*(range(len(line)) for line in lines)))
    assert cost(best, lines) <= min(cost(path, lines) for path in every) + 1e-9


@given(LINES)
def test_it_is_never_worse_than_the_first_candidates(lines):
    assert cost(best_path(lines), lines) <= cost((0,) * len(lines), lines) + 1e-9


@given(LINES)
def test_a_version_without_sound_is_taken_only_where_none_has_any(lines):
    for line, place in zip(lines, best_path(lines), strict=True):
        assert line[place].audio is not None or all(each.audio is None for each in line)


def test_equally_good_versions_leave_the_first():
    assert best_path([[spoken(0, "a", 1.0), spoken(0, "b", 1.0)]]) == (0,)
    assert best_path([]) == ()


def test_the_shorter_translation_is_taken_where_the_first_would_be_hurried():
    lines = [[spoken(0, "far too long", 1.6), spoken(0, "short", 1.05)]]
    assert best_path(lines) == (1,)


def test_neighbours_of_one_pace_are_preferred_to_the_best_line_by_itself():
    even = [
        [spoken(0, "a", 1.18)],
        [spoken(1, "b", 0.98), spoken(1, "b2", 1.12)],
        [spoken(2, "c", 1.18)],
    ]
    assert best_path(even) == (0, 1, 0)
    assert best_path([even[1]]) == (0,)


def test_versions_of_a_segment_keep_what_else_is_known_of_it():
    segment = segment_of(3, "uno", candidates=("dos", "uno", "tres"))
    made = versions(segment)
    assert [each.text for each in made] == ["uno", "dos", "tres"]
    assert made[1].candidates == ("uno", "tres")
    assert {each.id for each in made} == {segment.id}
    assert [
        each.text for each in versions(segment_of(0, "", flags=("untranslated",), candidates=("x",)))
    ] == [""]


def test_one_version_of_each_line_comes_out():
    lines = [spoken(0, "a", 2.0), spoken(0, "a2", 1.0), spoken(1, "b", 1.0)]
    assert [each.text for each in chosen(lines)] == ["a2", "b"]
