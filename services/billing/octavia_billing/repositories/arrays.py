"""Columns of a batch as array literals: for a statement that is given `$1::text::uuid[]` and the like.

asyncpg asks of every element of a list whether it is a list itself, which takes longer than all else it does
to send it. A literal is joined in one go, and the server reads it as fast as the binary form.
"""

from collections.abc import Iterable
from uuid import UUID


def uuids(values: Iterable[UUID | None]) -> str:
    """A literal of `uuid[]`."""
    return _literal(["NULL" if value is None else value.hex for value in values])


def numbers(values: Iterable[int]) -> str:
    """A literal of `bigint[]`."""
    return _literal([str(value) for value in values])


def texts(values: Iterable[str]) -> str:
    """A literal of `text[]`, whatever is in the texts."""
    return _literal([_quoted(value) for value in values])


def _literal(elements: Iterable[str]) -> str:
    return f"{{{','.join(elements)}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
