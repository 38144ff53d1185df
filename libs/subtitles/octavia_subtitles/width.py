"""How wide text is and where a line of it may be broken, in any script."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WIDE = frozenset("WF")
"""East Asian widths (UAX #11) that take two columns."""

JOINERS = frozenset("\u200d\ufe0e\ufe0f")
"""Zero-width joiner and variation selectors: they belong to the letter before them."""

NO_LINE_START = frozenset("、。，．！？：；」』）】〉》・ー…%)]}!?,.;:»”’")
"""Never the first of a line (the common core of kinsoku)."""

NO_LINE_END = frozenset("「『（【〈《([{«“‘¿¡")
"""Never the last of a line."""

SENTENCE_ENDS = frozenset(".!?…。！？؟।")
CLAUSE_ENDS = frozenset(",;:，、；：،–—")


@lru_cache(maxsize=4096)
def column_of(letter: str) -> int:
    """Columns of one code point: 2 for wide letters, 0 for marks that combine, else 1."""
    if unicodedata.combining(letter) or letter in JOINERS or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in WIDE else 1


def columns(text: str) -> int:
    """Width of a text in columns."""
    return len(text) if text.isascii() else sum(map(column_of, text))


def tidy(text: str) -> str:
    """One line of text: runs of white space become one space, control characters go."""
    kept = (" " if letter.isspace() else letter for letter in text)
    return " ".join("".join(letter for letter in kept if unicodedata.category(letter) != "Cc").split())


def breaks(text: str, widest: int) -> tuple[int, ...]:
    """Where tidy `text` may be broken: positions of the first letter of a possible next line.

    After a space, between wide letters, and, in a run without any of these that is wider than
    `widest` columns, wherever a letter with its marks is complete.
    """
    natural = [at for at in range(1, len(text)) if _may_break(text[at - 1], text[at])]
    found: list[int] = []
    for start, end in zip([0, *natural], [*natural, len(text)], strict=True):
        found += _forced(text, start, end, widest)
        found.append(end)
    return tuple(found[:-1])


def _may_break(before: str, after: str) -> bool:
    if before == " ":
        return True
    if after == " " or after in NO_LINE_START or before in NO_LINE_END or column_of(after) == 0:
        return False
    return column_of(before) == 2 or column_of(after) == 2


def _forced(text: str, start: int, end: int, widest: int) -> Iterator[int]:
    width = 0
    for at in range(start, end):
        step = column_of(text[at])
        if width + step > widest and text[at] != " " and step:
            yield at
            width = 0
        width += step
