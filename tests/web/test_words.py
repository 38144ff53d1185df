"""Every text there is in every language, with the same values; and every text that is asked for is there."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from .words import texts

STATIC = Path(str(files("octavia_gateway.web") / "static"))
LANGUAGES = ("en", "vi")

FORMS = {"en": {"one", "other"}, "vi": {"other"}}
"""The plural forms of each language (CLDR), for whole numbers."""


def values(text: Any) -> set[str]:
    every = text.values() if isinstance(text, dict) else [text]
    return {name for form in every for name in re.findall(r"\{(\w+)\}", form)}


def modules() -> dict[str, str]:
    return {
        str(path.relative_to(STATIC)): path.read_text("utf-8")
        for path in sorted((STATIC / "js").rglob("*.js"))
        if "lang" not in path.parts
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_and_nothing_else(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert list(other) == list(english)
    assert {key: values(text) for key, text in other.items()} == {
        key: values(text) for key, text in english.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_the_forms_of_their_language(language: str) -> None:
    for key, text in texts(language).items():
        if isinstance(text, dict):
            assert set(text) == FORMS[language], key


def test_nothing_is_left_in_english() -> None:
    english, vietnamese = texts("en"), texts("vi")
    same = {key for key, text in english.items() if text == vietnamese[key]}
    assert same <= {"jobs.languages", "report.lufs", "report.dbtp"}


def test_every_text_that_is_asked_for_is_there() -> None:
    known = set(texts("en"))
    for name, source in modules().items():
        for key in re.findall(r'\bt\("([^"]+)"', source):
            assert key in known, (name, key)
        for template in re.findall(r"\bt(?:Or)?\(`([^`]+)`", source):
            pattern = re.compile(re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(template)))
            assert any(pattern.fullmatch(key) for key in known), (name, template)


def of_kinds() -> list[re.Pattern[str]]:
    """What is asked for in two forms (`tOf`): as it is, and of jobs that are only read."""
    asked = re.findall(r"\btOf\([\w.]+, [\"`]([^\"`]+)[\"`]", "\n".join(modules().values()))
    return [re.compile(re.sub(r"\\\$\\\{.*?\\\}", r"\\w+", re.escape(key))) for key in asked]


def test_what_is_only_read_has_words_of_its_own_that_name_no_speech() -> None:
    kinds = of_kinds()
    assert kinds
    for pattern in kinds:
        assert any(pattern.fullmatch(key) for key in texts("en")), pattern
        assert any(
            pattern.fullmatch(key.removesuffix("_written")) for key in texts("en") if "_written" in key
        )
    for language, speech in (("en", r"\b[Dd]ub|spoken|hear"), ("vi", r"[Ll]ồng tiếng|đọc lại|nghe")):
        for key, text in texts(language).items():
            if key.endswith("_written"):
                assert not re.search(speech, str(text)), key
                assert any(pattern.fullmatch(key.removesuffix("_written")) for pattern in kinds), key


def test_every_text_is_asked_for() -> None:
    source = "\n".join(modules().values())
    templates = [
        re.compile(re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(template)))
        for template in re.findall(r"`([a-z_$][^`\s]*\$\{[^`\s]*)`", source)
    ]
    templates += [re.compile(f"{pattern.pattern}_written") for pattern in of_kinds()]
    unused = [
        key
        for key in texts("en")
        if f'"{key}"' not in source and not any(pattern.fullmatch(key) for pattern in templates)
    ]
    assert not unused


def test_no_text_stands_in_the_code() -> None:
    """What is put into an element comes from the texts: no module holds a sentence."""
    for name, source in modules().items():
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.DOTALL)
        for literal in re.findall(r'"([^"\n]*)"', code):
            words = re.findall(r"[A-Za-z]{2,}", literal)
            sentence = len(words) > 2 and re.match(r"[A-Z]", literal) and " " in literal
            path = re.fullmatch(r"[MmLlHhVvCcSsAaZz0-9 .,-]+", literal)
            own_name = name == "js/i18n.js" and literal == "Tiếng Việt"
            assert not sentence or path or own_name, (name, literal)
