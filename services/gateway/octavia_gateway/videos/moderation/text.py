"""One prompt in the spellings that a rule must see through: pure."""

import re
import unicodedata
from collections.abc import Iterator

_LIKE_LETTERS = str.maketrans("013457@$!", "oieastasi")
"""Digits and signs that stand for letters."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def folded(text: str) -> str:
    """Words in lower case with single blanks between; marks of accents stay (they tell words apart)."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", seen)))


def without_marks(text: str) -> str:
    """Without accents: "nüde" is "nude"."""
    apart = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(c for c in apart if not unicodedata.combining(c))


def spellings(prompt: str) -> tuple[str, tuple[str, ...]]:
    """The prompt as it is written, and in the ways that it may be read, each between blanks."""
    written = folded(prompt)
    plain = without_marks(written)
    signs = without_marks(folded(prompt.translate(_LIKE_LETTERS)))
    read = (plain, signs, " ".join(_joined(plain)))
    return f" {written} ", tuple(dict.fromkeys(f" {one} " for one in read))


def _joined(words: str) -> Iterator[str]:
    """Letters that stand alone are put together: "n u d e" is "nude"."""
    alone: list[str] = []
    for word in words.split():
        if len(word) == 1:
            alone.append(word)
            continue
        if alone:
            yield "".join(alone)
            alone = []
        yield word
    if alone:
        yield "".join(alone)
