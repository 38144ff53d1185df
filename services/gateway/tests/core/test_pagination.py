"""Cursors."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.pagination import InvalidCursorError, decode_moment, decode_number, encode_cursor


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_moment_survives(at: datetime, identity: UUID) -> None:
    assert decode_moment(encode_cursor(at, identity)) == (at, identity)


@given(st.integers(0, 2**63 - 1))
def test_a_number_survives(number: int) -> None:
    assert decode_number(encode_cursor(number)) == number


def test_no_cursor_is_the_first_page() -> None:
    assert decode_moment(None) is None
    assert decode_number(None) is None


@given(st.text(max_size=60))
def test_garbage_is_refused_in_our_words(text: str) -> None:
    for decode in (decode_moment, decode_number):
        with pytest.raises(InvalidCursorError):
            decode(text)


@pytest.mark.parametrize(
    "cursor",
    [
        encode_cursor(1),
        encode_cursor("x", "y"),
        encode_cursor(datetime(2026, 1, 1), UUID(int=7)),  # noqa: DTZ001 - without a zone on purpose
        encode_cursor(True),
    ],
)
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_moment(cursor)
