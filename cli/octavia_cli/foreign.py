"""What a server sent, made harmless: on the terminal, and as a part of a file's name."""

import re
import unicodedata
from typing import Any

LONGEST_NAME_BYTES = 200
"""Of NAME_MAX's 255: room for the language and for what is put around a file that is not whole yet."""

_NEVER_SHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters: a terminal obeys them
    "\u202a-\u202e\u2066-\u2069"  # marks that turn the writing direction: exe.jpg for gpj.exe
    "\ud800-\udfff]"  # halves of characters, which cannot be written
)
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)


def plain(value: Any) -> Any:
    """A JSON value whose texts can be shown: a terminal takes no orders from them."""
    match value:
        case str():
            return _NEVER_SHOWN.sub("", value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {plain(name): plain(item) for name, item in value.items()}
    return value


def file_name(raw: str) -> str:
    """The last part of a path that a server sent, as a name that cannot leave its folder."""
    last = plain(raw).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in last)
    name = " ".join(kept.split()).strip(". ")
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > 16:
        stem, dot, suffix = name, "", ""
    room = LONGEST_NAME_BYTES - len((dot + suffix).encode())
    return (stem.encode()[:room].decode(errors="ignore") or "result") + dot + suffix


def language_tag(raw: object) -> str:
    """A language as a part of a file's name. Raises ValueError for what is none (RFC 5646)."""
    if not isinstance(raw, str) or not _LANGUAGE.fullmatch(raw):
        raise ValueError("not a language tag")
    return raw
