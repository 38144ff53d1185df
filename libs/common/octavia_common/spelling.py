"""Text as it is said: figures, abbreviations and signs as words. Pure.

Voices that know letters alone would leave figures out without a word; and what was said and what was heard
can only be compared where both are written the same way.
"""

import re
from collections.abc import Mapping

_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_SHORT = re.compile(r"\b\w{1,5}\.(?=\s|$)")
_CAPITALS = re.compile(r"\b[A-Z]{2,5}\b")
_VOWELS = frozenset("AEIOUY")

LONGEST = 15
"""Digits; what is longer (a card's number) is read digit by digit."""

SPELLED_ACRONYMS = 3
"""Capitals up to so many are read letter by letter (USA, DNA), longer ones only without a vowel (HTTP)."""

ABBREVIATIONS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "mr.": "mister", "mrs.": "missus", "dr.": "doctor", "prof.": "professor",
        "vs.": "versus", "etc.": "et cetera", "jr.": "junior", "approx.": "approximately",
    },
    "es": {
        "sr.": "señor", "sra.": "señora", "dr.": "doctor", "dra.": "doctora", "etc.": "etcétera",
        "ud.": "usted", "uds.": "ustedes", "pág.": "página", "núm.": "número",
    },
    "fr": {"m.": "monsieur", "mme.": "madame", "dr.": "docteur", "etc.": "et cetera"},
    "de": {"dr.": "doktor", "nr.": "nummer", "usw.": "und so weiter", "bzw.": "beziehungsweise",
           "ca.": "circa", "str.": "straße"},
    "pt": {"sr.": "senhor", "sra.": "senhora", "dr.": "doutor", "dra.": "doutora", "etc.": "et cetera"},
    "it": {"sig.": "signor", "dott.": "dottor", "ecc.": "eccetera"},
}  # fmt: skip
"""By primary language, in lower case with their full stop."""

SIGNS: Mapping[str, Mapping[str, str]] = {
    "en": {"%": "percent", "&": "and", "+": "plus", "=": "equals", "€": "euros", "$": "dollars"},
    "es": {"%": "por ciento", "&": "y", "+": "más", "=": "igual a", "€": "euros", "$": "dólares"},
    "fr": {"%": "pour cent", "&": "et", "+": "plus", "=": "égale", "€": "euros", "$": "dollars"},
    "de": {"%": "Prozent", "&": "und", "+": "plus", "=": "gleich", "€": "Euro", "$": "Dollar"},
    "pt": {"%": "por cento", "&": "e", "+": "mais", "=": "igual a", "€": "euros", "$": "dólares"},
    "it": {"%": "per cento", "&": "e", "+": "più", "=": "uguale a", "€": "euro", "$": "dollari"},
}
"""By primary language; a sign of money is said behind its number."""

_MONEY = re.compile(r"([€$])\s*(\d+(?:[.,]\d+)*)")


def spelled_out(text: str, language: str) -> str:
    """The text with its abbreviations, acronyms, signs and numbers as words of the language (BCP 47 tag)."""
    base = primary(language)
    short, signs = ABBREVIATIONS.get(base, {}), SIGNS.get(base, {})
    text = _SHORT.sub(lambda found: _cased(found[0], short.get(found[0].lower(), found[0])), text)
    text = _CAPITALS.sub(lambda found: _letters(found[0]), text)
    text = _MONEY.sub(lambda found: f"{found[2]} {found[1]}", text)
    text = numbers_spelled_out(text, language)
    for sign, word in signs.items():
        text = text.replace(sign, f" {word} ")
    return " ".join(text.split())


def numbers_spelled_out(text: str, language: str) -> str:
    """The text with its numbers as words of the language; as it was where nobody knows these words."""
    from num2words import num2words

    base = primary(language)

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


def primary(language: str) -> str:
    """`en` for `en-GB`."""
    return language.split("-")[0].lower()


def _cased(written: str, word: str) -> str:
    return word.capitalize() if written[:1].isupper() and word != written else word


def _letters(acronym: str) -> str:
    if len(acronym) > SPELLED_ACRONYMS and _VOWELS & set(acronym):
        return acronym
    return " ".join(acronym)
