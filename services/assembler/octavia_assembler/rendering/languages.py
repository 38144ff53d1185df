"""Language tags and names for the tracks of a file."""

import langcodes
from babel import Locale, UnknownLocaleError


def track_language(code: str) -> str:
    """The ISO 639-2/T code that containers carry, such as `spa` for `es`; `und` for what has none."""
    try:
        return langcodes.Language.get(code).to_alpha3()
    except (LookupError, ValueError):
        return "und"


def language_name(code: str) -> str:
    """A language's name in English, such as `Spanish`; the code itself where nobody knows it."""
    try:
        # Not langcodes' own names: their tables take 300 MB to load.
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code
