"""Array literals: what PostgreSQL makes of them is tested with it, how they are written here."""

from uuid import UUID

from octavia_billing.domain.lines import Book
from octavia_billing.repositories.arrays import numbers, texts, uuids


def test_nothing_is_an_empty_array() -> None:
    assert uuids([]) == numbers([]) == texts([]) == "{}"


def test_an_absent_id_is_null() -> None:
    assert uuids([UUID(int=10), None]) == "{0000000000000000000000000000000a,NULL}"


def test_texts_are_quoted_whatever_is_in_them() -> None:
    assert texts(['a "b" \\ {c},', "", "NULL", Book.HELD]) == '{"a \\"b\\" \\\\ {c},","","NULL","held"}'


def test_numbers() -> None:
    assert numbers([1, -2]) == "{1,-2}"
