"""Ranges: every header is answered by bytes inside the object, or refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.files.errors import UnsatisfiableRangeError
from octavia_gateway.files.ranges import ByteRange, http_date, if_range_holds, none_match, parse_range

SIZES = st.integers(0, 10**13)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=0-100", ByteRange(0, 100)),
        ("bytes=90-", ByteRange(90, 10)),
        ("bytes=-7", ByteRange(93, 7)),
        ("bytes=-700", ByteRange(0, 100)),
        ("Bytes = 5 - 6", ByteRange(5, 2)),
        (f"bytes=1-{'9' * 60}", ByteRange(1, 99)),
        ("bytes=9-8", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
        ("items=0-1", None),
        ("bytes=0-1,3-4", None),
        ("bytes=" + ",".join(f"{n}-" for n in range(1000)), None),
    ],
)
def test_headers(header: str | None, expected: ByteRange | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_unsatisfiable(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError) as caught:
        parse_range(header, size)
    assert caught.value.status == 416


@given(
    header=st.one_of(st.text(), st.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}", fullmatch=True)), size=SIZES
)
def test_what_is_served_lies_inside(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except UnsatisfiableRangeError:
        return
    if found is not None:
        assert 0 <= found.start < size
        assert 1 <= found.length <= size - found.start


@given(size=st.integers(1, 2000), first=st.integers(0, 2500), last=st.integers(0, 2500))
def test_same_bytes_as_slicing(size: int, first: int, last: int) -> None:
    content = bytes(i % 251 for i in range(size))
    if first >= size and last >= first:
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(f"bytes={first}-{last}", size)
        return
    found = parse_range(f"bytes={first}-{last}", size)
    if last < first:
        assert found is None
        return
    assert found is not None
    assert content[found.start : found.start + found.length] == content[first : last + 1]
    assert found.content_range(size) == f"bytes {first}-{min(last, size - 1)}/{size}"


@given(size=st.integers(1, 2000), suffix=st.integers(1, 2500))
def test_suffix_is_the_end(size: int, suffix: int) -> None:
    found = parse_range(f"bytes=-{suffix}", size)
    assert found == ByteRange(max(0, size - suffix), min(suffix, size))


MODIFIED = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (None, True),
        ('"abc"', True),
        ('"other"', False),
        ('W/"abc"', False),
        (http_date(MODIFIED), True),
        (http_date(MODIFIED + timedelta(seconds=1)), False),
        (http_date(MODIFIED - timedelta(seconds=1)), False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_if_range(header: str | None, holds: bool) -> None:
    assert if_range_holds(header, etag='"abc"', modified=MODIFIED) is holds


@pytest.mark.parametrize(
    ("header", "body"),
    [(None, True), ('"abc"', False), ('W/"abc"', False), ('"x", "abc"', False), ('"x"', True), ("*", False)],
)
def test_if_none_match(header: str | None, body: bool) -> None:
    assert none_match(header, '"abc"') is body
