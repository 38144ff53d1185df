"""From a recogniser's bare words to a sentence, and back to a line. Pure.

Rule-based engines read capitals and full stops; recognisers such as pocketsphinx write neither.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]]*$")
_LONE_I = re.compile(r"\bi(?=$|[^\w]|['’](?:m|ve|ll|d)\b)")
_SPACE = re.compile(r"\s+")
_SPACE_BEFORE = re.compile(r"\s+([,.;:!?…)\]])")


@dataclass(frozen=True)
class Sentence:
    """A line as an engine should read it. `bare`: the source had neither capitals nor a full stop."""

    text: str
    bare: bool


def to_sentence(text: str, language: str) -> Sentence:
    """The line with the capital and full stop that speech recognition leaves out."""
    text = tidy(text)
    bare = text == text.lower() and not _END.search(text)
    if language.split("-")[0] == "en":
        text = _LONE_I.sub("I", text)
    if bare and text:
        text = f"{capitalised(text)}."
    return Sentence(text, bare)


def to_line(text: str, sentence: Sentence) -> str:
    """An engine's answer as it is shown and spoken: a sentence where the source became one."""
    text = _SPACE_BEFORE.sub(r"\1", tidy(text))
    if not sentence.bare or not text:
        return text
    return capitalised(text) if _END.search(text) else f"{capitalised(text)}."


def with_capitals(text: str, words: Collection[str]) -> str:
    """The text with these words (compared without case) capitalised: perhaps they are names."""
    wanted = {word.casefold() for word in words}
    return re.sub(r"\w+", lambda m: capitalised(m[0]) if m[0].casefold() in wanted else m[0], text)


def capitalised(text: str) -> str:
    """The text with its first letter in upper case (or title case where that differs)."""
    for position, character in enumerate(text):
        if character.isalpha():
            return text[:position] + character.title() + text[position + 1 :]
    return text


def tidy(text: str) -> str:
    """One line in Unicode's composed form, without control characters or doubled spaces."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return _SPACE.sub(" ", text).strip()
