"""Language tags: one spelling for each language, whatever a program calls it."""

import re

import langcodes
from langcodes.tag_parser import LanguageTagError

_NAMES = dict(
    line.split(" ", 1)
    for line in """\
af Afrikaans|am Amharic|ar Arabic|ast Asturian|az Azerbaijani|be Belarusian|bg Bulgarian|bn Bengali
bs Bosnian|ca Catalan|cs Czech|cy Welsh|da Danish|de German|el Greek|en English|eo Esperanto|es Spanish
et Estonian|eu Basque|fa Persian|fi Finnish|fil Filipino|fr French|ga Irish|gl Galician|gu Gujarati
he Hebrew|hi Hindi|hr Croatian|hu Hungarian|hy Armenian|id Indonesian|is Icelandic|it Italian|ja Japanese
jv Javanese|ka Georgian|kk Kazakh|km Khmer|kn Kannada|ko Korean|lo Lao|lt Lithuanian|lv Latvian
mk Macedonian|ml Malayalam|mn Mongolian|mr Marathi|ms Malay|my Burmese|nb Norwegian|ne Nepali|nl Dutch
no Norwegian|oc Occitan|pa Punjabi|pl Polish|pt Portuguese|ro Romanian|ru Russian|si Sinhala|sk Slovak
sl Slovenian|so Somali|sq Albanian|sr Serbian|sv Swedish|sw Swahili|ta Tamil|te Telugu|th Thai|tl Filipino
tr Turkish|uk Ukrainian|ur Urdu|uz Uzbek|vi Vietnamese|yue Cantonese|zh Chinese|zu Zulu
es-419 Latin American Spanish|pt-BR Brazilian Portuguese|pt-PT European Portuguese
zh-Hans Simplified Chinese|zh-Hant Traditional Chinese|zh-CN Simplified Chinese|zh-TW Traditional Chinese
en-GB British English|en-US American English|fr-CA Canadian French""".replace("\n", "|").split("|")
)
"""What English calls languages that people ask for; models know others by their tags."""

_REGION = re.compile(r"^[A-Z]{2}$")
_VARIANT = re.compile(r"^[a-z]{5,8}$")


def normal_tag(tag: str) -> str:
    """The shortest BCP 47 spelling: `eng` → `en`, `pt_br` → `pt-BR`. Raises ValueError."""
    try:
        return langcodes.standardize_tag(tag)
    except LanguageTagError as error:
        raise ValueError(f"{tag!r} is no language tag: {error}") from None


def fallbacks(tag: str) -> tuple[str, ...]:
    """A tag and what may stand in for it, best first: `es-419` → `es-419`, `es`."""
    try:
        tag = normal_tag(tag)
    except ValueError:
        return ()
    base = base_of(tag)
    return (tag,) if base == tag else (tag, base)


def base_of(tag: str) -> str:
    """A normal tag's language alone: `pt-BR` → `pt`."""
    return tag.split("-")[0]


def english_name(tag: str) -> str:
    """A language's name with its tag, `Spanish (es)`; the tag alone where the name is not known."""
    name = next((_NAMES[each] for each in fallbacks(tag) if each in _NAMES), None)
    return f"{name} ({tag})" if name else tag


def mode_languages(mode: str) -> tuple[str, str] | None:
    """Source and target of an Apertium mode, or None for one that is no plain pair.

    `eng-spa` → en, es; `es-pt_BR` → es, pt-BR; `eng-cat_valencia` → en, ca-valencia. Variants with
    no BCP 47 spelling (`eng-cat_iec2017`) and helper modes (`eco-fr-es`) are not offered.
    """
    parts = mode.split("-")
    if len(parts) != 2:
        return None
    source, (target, *variants) = parts[0], parts[1].split("_")
    if len(variants) > 1 or any(not (_REGION.match(v) or _VARIANT.match(v)) for v in variants):
        return None
    try:
        return normal_tag(source), normal_tag("-".join((target, *variants)))
    except ValueError:
        return None
