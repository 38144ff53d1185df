"""What people are told, in English or Vietnamese.

English stands in the code, inside `_()`; `messages.vi.toml` maps each English text to its Vietnamese one,
and a test keeps the two complete. The locale of the environment picks the language.
"""

import os
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["en", "vi"]


def language() -> Language:
    """The language of the environment (POSIX: LC_ALL, else LC_MESSAGES, else LANG)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "vi" if value.lower().startswith("vi") else "en"
    return "en"


def _(text: str, **values: Any) -> str:
    """A text in the language of the environment, with `{name}` filled in."""
    chosen = catalogue().get(text, text) if language() == "vi" else text
    return chosen.format(**values) if values else chosen


@lru_cache(maxsize=1)
def catalogue() -> dict[str, str]:
    """Vietnamese by English."""
    found: dict[str, str] = tomllib.loads((files("octavia_cli") / "messages.vi.toml").read_text("utf-8"))
    return found
