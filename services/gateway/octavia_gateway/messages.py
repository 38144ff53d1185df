"""What people are told, in English and Vietnamese; the catalogue itself is `messages.toml`."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

Language = Literal["en", "vi"]
LANGUAGES: tuple[Language, ...] = ("en", "vi")


@dataclass(frozen=True)
class Text:
    """Title in both languages; `vi_detail` is formatted with the error's context."""

    en: str
    vi: str
    vi_detail: str = ""


_FILE: dict[str, Any] = tomllib.loads((files("octavia_gateway") / "messages.toml").read_text("utf-8"))
CATALOGUE: Mapping[str, Text] = {code: Text(**entry) for code, entry in _FILE["problems"].items()}
VALIDATION_VI: Mapping[str, str] = _FILE["validation_vi"]
WORDS: Mapping[str, Mapping[Language, str]] = _FILE["words"]


def title_of(code: str, language: Language) -> str:
    """The short title of a problem code."""
    text = CATALOGUE.get(code)
    if text is None:
        return code.replace("_", " ").capitalize()
    return text.vi if language == "vi" else text.en


def words(name: str, language: Language) -> str:
    """A sentence that is no error's. Raises KeyError for one that the catalogue does not have."""
    return WORDS[name][language]


def detail_of(code: str, english: str, context: Mapping[str, Any], language: Language) -> str:
    """The sentence for a person: `english` as it came, or the Vietnamese template filled in."""
    text = CATALOGUE.get(code)
    if language == "en" or text is None or not text.vi_detail:
        return english
    try:
        return text.vi_detail.format_map(context)
    except (KeyError, IndexError, ValueError):
        return english


def chosen_language(accept_language: str | None) -> Language:
    """The best of our languages for an Accept-Language header (RFC 9110); English by default."""
    best: tuple[float, Language] = (0.0, "en")
    for item in (accept_language or "").split(",")[:20]:
        tag, _, parameters = item.partition(";")
        primary = tag.strip().lower().split("-")[0]
        quality = _quality(parameters)
        for language in LANGUAGES:
            if primary == language and quality > best[0]:
                best = (quality, language)
    return best[1]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def validation_message(kind: str, english: str, context: Mapping[str, Any], language: Language) -> str:
    """What is wrong with one field; `kind` is pydantic's error type."""
    if language == "vi" and kind in VALIDATION_VI:
        with suppress(KeyError, IndexError, ValueError):
            return VALIDATION_VI[kind].format_map(context)
    return english
