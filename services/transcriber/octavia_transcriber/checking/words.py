"""How far what was heard is from what should have been said. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from octavia_common.spelling import primary, spelled_out

VERSION = 1
"""Part of the key of a judgement: change it with what counts as the same."""

UNPARTED = frozenset({"zh", "ja", "th", "lo", "km", "my", "yue"})
"""Languages written without spaces between words: compared sign by sign."""

FEWEST_WORDS = 3
"""Of fewer words, one that is heard almost right would be half of them: they are compared by letters."""

_APOSTROPHES = re.compile(r"(?<=\w)['\u2019](?=\w)")
_NO_WORD = re.compile(r"[^\w]+|_")


def error_of(said: str, heard: str, language: str) -> float:
    """The share of `said` that was heard otherwise: 0 as it should be, 1 nothing of it (or worse).

    Words are compared without case, signs and accents of writing, numbers and abbreviations spelled out;
    letters instead of words where a language does not part them, and in very short lines.
    """
    wanted, got = normal(said, language), normal(heard, language)
    if not wanted:
        return 0.0
    if primary(language) in UNPARTED or len(wanted) < FEWEST_WORDS:
        # A blank may be heard where none is written ("any one").
        return _share("".join(wanted), "".join(got))
    return _share(wanted, got)


def normal(text: str, language: str) -> list[str]:
    """The words of a text as they are compared."""
    spelled = spelled_out(unicodedata.normalize("NFKC", text), language).casefold()
    return _NO_WORD.sub(" ", _APOSTROPHES.sub("", spelled)).split()


def distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """How many items must be put in, left out or replaced to make one of the other (Levenshtein)."""
    row = list(range(len(got) + 1))
    for number, item in enumerate(wanted, start=1):
        before, row[0] = row[0], number
        for place, other in enumerate(got, start=1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (item != other)),
            )
    return row[-1]


def _share(wanted: Sequence[str], got: Sequence[str]) -> float:
    return round(min(distance(wanted, got) / len(wanted), 1.0), 3)
