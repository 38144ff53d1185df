"""Figures as words, for voices that know letters alone: else they would be left out without a word."""

import re

_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")

LONGEST = 15
"""Digits; what is longer (a card's number) is read digit by digit."""


def spelled_out(text: str, language: str) -> str:
    """The text with its numbers as words of the language; as it was where nobody knows these words."""
    from num2words import num2words

    base = language.split("-")[0].lower()

    def words(figures: re.Match[str]) -> str:
        written = figures[0]
        digits = re.sub(r"\D", "", written)
        try:
            if len(digits) > LONGEST:
                return " ".join(num2words(int(digit), lang=base) for digit in digits)
            if written.isdigit() or _GROUPED.fullmatch(written):
                return str(num2words(int(digits), lang=base))
            return str(num2words(float(written.replace(",", ".")), lang=base))
        except (NotImplementedError, ValueError, OverflowError):
            return written

    return _FIGURES.sub(words, text)
