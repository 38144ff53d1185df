"""Language tags: one spelling for each language, whatever a program calls it."""

import re

import langcodes
from langcodes.tag_parser import LanguageTagError

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
