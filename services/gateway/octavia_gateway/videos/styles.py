"""Styles: presets that a person can edit, kept as data (`styles.toml`). Read when the gateway starts."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from octavia_gateway.videos.errors import UnknownStyleError


class StyleName(BaseModel):
    """What a person reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str = Field(min_length=1, max_length=80)
    vi: str = Field(min_length=1, max_length=80)


class Style(BaseModel):
    """One preset. `text` is added to the prompt; `avoid` is what is not to be seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    name: StyleName
    text: str = Field(max_length=1000)
    avoid: str = Field("", max_length=1000)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    styles: tuple[Style, ...]


class Styles:
    """All presets, in the file's order."""

    def __init__(self, styles: tuple[Style, ...]) -> None:
        self.all = styles
        self._by_id: Mapping[str, Style] = {style.id: style for style in styles}
        if len(self._by_id) != len(styles):
            raise ValueError("two styles have the same id")

    @classmethod
    def read(cls, path: str = "") -> Self:
        """From a file, or the presets that come with the gateway.

        Raises ValueError, which names the file, where it cannot be read as styles.
        """
        source = Path(path) if path else files("octavia_gateway") / "videos" / "styles.toml"
        try:
            return cls(_File.model_validate(tomllib.loads(source.read_text("utf-8"))).styles)
        except (OSError, tomllib.TOMLDecodeError, ValidationError, ValueError) as error:
            raise ValueError(f"VIDEO_STYLES_FILE: {source} cannot be read as styles: {error}") from None

    def find(self, style_id: str) -> Style:
        """The preset of this id. Raises UnknownStyleError (422)."""
        style = self._by_id.get(style_id)
        if style is None:
            raise UnknownStyleError(style_id, tuple(self._by_id))
        return style


_ENDS = (".", "!", "?", "…", "。", "!", "?")


def worded(prompt: str, style: Style | None) -> tuple[str, str]:
    """What the provider is told: the prompt with the style's words, and what is not to be seen."""
    if style is None:
        return prompt, ""
    whole = prompt if prompt.endswith(_ENDS) else f"{prompt}."
    return f"{whole} {style.text}".strip(), style.avoid
