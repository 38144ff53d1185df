"""Whether an engine's answer is a translation. Pure, and the same for every engine.

A line that fails is flagged `untranslated` and left empty: the source's words are never passed off
as a translation.
"""

from functools import cache

import langcodes
import regex

from octavia_translator.engine import Answer

VERSION = 2
"""Part of the key of a translation: change it with what these checks decide."""

MIN_RATIO, MAX_RATIO = 0.4, 2.5
"""Bounds of a translation's length over its source's (what peers found to pay)."""

MIN_LENGTH_FOR_RATIO = 12.0
"""Shorter texts vary too much for their length to tell anything ("Yes." is "Sí.")."""

MIN_SCRIPT_SHARE = 0.5
MAX_UNKNOWN_SHARE = 0.5

SPELLED_OUT = 20
"""Numbers up to this one may become words ("two of us")."""

_NUMBER = regex.compile(r"\p{Nd}+(?:[.,'’\u00a0\u202f]\p{Nd}{3}(?!\p{Nd})|[.,:]\p{Nd}+)*")
_DIGIT = regex.compile(r"\p{Nd}")
_LETTER = regex.compile(r"\p{L}")
_WORD = regex.compile(r"[\p{L}\p{N}]+")
_DENSE = ((regex.compile(r"\p{Han}"), 2.0), (regex.compile(r"[\p{Hiragana}\p{Katakana}\p{Hangul}]"), 1.0))
"""What a character of these scripts counts for beyond 1: about how many Latin letters it replaces."""

_SCRIPTS = {
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
    "Hans": ("Han",),
    "Hant": ("Han",),
}


def problem_of(source: str, answer: Answer, target_language: str) -> str | None:
    """Why the answer is no translation of `source` into `target_language`; None where it is one."""
    text = answer.text
    if not has_letters(source):
        return None
    if not has_letters(text):
        return "empty"
    if script_share(text, target_language) < MIN_SCRIPT_SHARE:
        return "wrong script"
    if answer.unknown_words is None:
        if repeats(source, text):
            return "the source again"
    elif answer.words and answer.unknown_words / answer.words > MAX_UNKNOWN_SHARE:
        return "mostly unknown words"
    if weight(source) >= MIN_LENGTH_FOR_RATIO and not MIN_RATIO <= weight(text) / weight(source) <= MAX_RATIO:
        return "length ratio"
    if lost_numbers(source, text):
        return "numbers lost"
    return None


def lost_numbers(source: str, text: str) -> tuple[str, ...]:
    """The source's numbers above `SPELLED_OUT` whose digits the text does not have.

    Separators differ from language to language (1,000 and 1.000), and so do units (25,000 and 2.5万), so
    that digits without separators and without zeros at the end are what is looked for.
    """
    there = [_significant(number) for number in _NUMBER.findall(text)]
    there.append(_significant("".join(_DIGIT.findall(text))))
    return tuple(
        number
        for number in _NUMBER.findall(source)
        if int(_digits(number)) > SPELLED_OUT and not any(_significant(number) in each for each in there)
    )


def _digits(number: str) -> str:
    """The digits of a number in any script, as ASCII has them."""
    return "".join(str(int(digit)) for digit in _DIGIT.findall(number))


def _significant(number: str) -> str:
    return _digits(number).rstrip("0") or "0"


def has_letters(text: str) -> bool:
    """Whether there is anything to translate; digits and signs alone stand as they are."""
    return _LETTER.search(text) is not None


def script_share(text: str, language: str) -> float:
    """The share of letters that belong to the language's script, 0 to 1."""
    letters = _LETTER.findall(text)
    return len(_letters_of(language).findall("".join(letters))) / len(letters) if letters else 0.0


def weight(text: str) -> float:
    """A length that compares across scripts: characters, those of dense scripts counted more."""
    return len(text) + sum(extra * len(pattern.findall(text)) for pattern, extra in _DENSE)


def repeats(source: str, text: str) -> bool:
    """Whether a text of three words or more is the source over again, punctuation and case aside.

    Fewer words are often the same in both languages: names, "no", "hotel".
    """
    words = _WORD.findall(source.casefold())
    return len(words) >= 3 and words == _WORD.findall(text.casefold())


def script_of(language: str) -> str:
    """The language's usual script as ISO 15924 names it (CLDR's likely subtags): `ja` → `Jpan`."""
    return langcodes.Language.get(language).maximize().script or "Latn"


@cache
def _letters_of(language: str) -> "regex.Pattern[str]":
    """What matches a letter of the language's usual script."""
    script = script_of(language)
    classes = "".join(rf"\p{{Script={name}}}" for name in _SCRIPTS.get(script, (script,)))
    return regex.compile(f"[{classes}]")
