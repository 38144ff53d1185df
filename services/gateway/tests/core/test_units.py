"""Sets of units as bits."""

from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.jobs.units import NO_UNITS, Units, whole_language


@given(st.sets(st.tuples(st.integers(0, 400), st.integers(0, 2))))
def test_units_count_each_once_and_survive_storage(pairs: set[tuple[int, int]]) -> None:
    units = NO_UNITS
    for chunk, language in [*pairs, *pairs]:
        units = units.with_unit(chunk, language, 3)
    assert units.count() == len(pairs)
    assert Units.decode(units.encode()) == units


@given(st.integers(1, 5).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))), st.integers(0, 60))
def test_a_whole_language_is_all_of_its_chunks(place: tuple[int, int], chunks: int) -> None:
    languages, language = place
    one_by_one = NO_UNITS
    for chunk in range(chunks):
        one_by_one = one_by_one.with_unit(chunk, language, languages)
    assert whole_language(language, languages, chunks) == one_by_one


def test_an_absurd_chunk_index_takes_no_memory() -> None:
    assert NO_UNITS.with_unit(10**9, 0, 1) == NO_UNITS
