"""Texts that callers send to be kept and shown again."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, SecretStr

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NEVER = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _one_line(text: str) -> str:
    if any(c in _TURNING or unicodedata.category(c) in _NEVER for c in text):
        raise ValueError("must be one line without control characters")
    return text


def _encodable(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return secret


one_line = AfterValidator(_one_line)
"""For text without control characters, line ends or marks that turn the writing direction: terminals and log
viewers obey those, and PostgreSQL keeps no NUL. JSON can spell them all, and halves of characters too."""

_LINE_ENDS = frozenset("\t\n\r")


def _written(text: str) -> str:
    if any(c in _TURNING or (unicodedata.category(c) in _NEVER and c not in _LINE_ENDS) for c in text):
        raise ValueError("must be text without control characters")
    return text


written_text = AfterValidator(_written)
"""As `one_line`, for text of several lines."""

Secret = Annotated[SecretStr, AfterValidator(_encodable)]
"""A password or token: any text that has bytes."""
