"""Which fonts subtitles are set in: Noto's, which are made for each other in all scripts."""

from collections.abc import Mapping
from pathlib import Path

import langcodes

CJK = {"ja": "JP", "ko": "KR", "zh": "SC"}
"""The form of Han letters by language; elsewhere than on the mainland they are told by script or region."""

SCRIPTS = (
    "Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Hebrew",
    "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai",
)  # fmt: skip
"""Scripts with a font of their own; Noto Sans itself has Latin, Greek and Cyrillic."""

FALLBACKS = (
    "Noto Sans",
    *(f"Noto Sans {script}" for script in SCRIPTS),
    *(f"Noto Sans CJK {form}" for form in ("SC", "JP", "KR", "TC")),
)
"""Where libass looks for letters that a line's font lacks, in this order."""


def font_of(language: str) -> str:
    """The font that a language is set in; letters that it lacks come from its relatives for their script."""
    tag = langcodes.Language.get(language)
    form = CJK.get(tag.language or "")
    if form == "SC":
        where = tag.maximize()
        form = {"HK": "HK", "MO": "HK"}.get(where.territory or "", "TC" if where.script == "Hant" else "SC")
    return f"Noto Sans CJK {form}" if form else "Noto Sans"


def font_settings(folder: Path) -> Mapping[str, str]:
    """Environment that has libass look for letters in Noto's fonts first, whatever else is installed."""
    edits = "".join(
        f'<edit name="family" mode="prepend" binding="strong"><string>{family}</string></edit>'
        for family in FALLBACKS
    )
    settings = folder / "fonts.conf"
    settings.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
        # What libass asks for where the font of a line lacks a letter.
        f'<match target="pattern"><test name="family"><string>sans-serif</string></test>{edits}</match>'
        '<include ignore_missing="yes">/etc/fonts/fonts.conf</include></fontconfig>',
        encoding="utf-8",
    )
    return {"FONTCONFIG_FILE": str(settings)}
