"""Which models speak which languages: what the setting COQUI_MODELS says. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import langcodes
from langcodes.tag_parser import LanguageTagError

SEVERAL = "multilingual"


@dataclass(frozen=True)
class ModelChoice:
    """One model of the setting: `reference` is a name of Coqui's catalogue or a path.

    `language` is what it is to be used for, as a BCP 47 tag; None: whatever the model says it speaks.
    """

    reference: str
    language: str | None = None

    @property
    def named(self) -> bool:
        """Whether it is a name of the catalogue (`tts_models/es/css10/vits`); else it is a path."""
        return self.reference.startswith("tts_models/") and len(self.reference.split("/")) == 4

    @property
    def path(self) -> Path:
        """The folder or the checkpoint."""
        return Path(self.reference).expanduser()

    def speaks(self, own: Sequence[str]) -> dict[str, str]:
        """The model's own word for each language (BCP 47 tag) that it is to be used for.

        `own` are the languages that the model names. A model of one language is believed to speak what the
        setting, or its place in the catalogue, says: many models name none and are taken for English.
        """
        place = self.reference.split("/")[1] if self.named else SEVERAL
        if len(own) == 1:
            tag = self.language or tag_of(own[0] if place == SEVERAL else place)
            return {} if tag is None else {tag: own[0]}
        spoken = {tag: word for word in own if (tag := tag_of(word))}
        if self.language is None:
            return spoken
        found = best(self.language, spoken)
        return {} if found is None else {self.language: spoken[found]}


def choices(setting: str) -> list[ModelChoice]:
    """The models of the setting, each `model` or `language=model`, comma-separated. Raises ValueError."""
    found = []
    for item in (part.strip() for part in setting.split(",")):
        if not item:
            continue
        language, equals, reference = item.partition("=")
        if not equals:
            found.append(ModelChoice(item))
            continue
        tag = tag_of(language.strip())
        if tag is None or not reference.strip():
            raise ValueError(f"COQUI_MODELS: {item!r} is not of the form language=model")
        found.append(ModelChoice(reference.strip(), tag))
    if not found:
        raise ValueError("COQUI_MODELS names no model")
    return found


def tag_of(word: str) -> str | None:
    """The BCP 47 tag of a language as models name it: `zh-cn` → `zh-CN`, `tw_akuapem` → `tw`, `spa` → `es`.

    None where it is none.
    """
    for spelling in (word.replace("_", "-"), word.split("_")[0].split("-")[0]):
        try:
            tag = langcodes.standardize_tag(spelling)
        except LanguageTagError:
            continue
        if langcodes.tag_is_valid(tag) and not langcodes.Language.get(tag).variants:
            return tag
    return None


def best(wanted: str, among: Sequence[str] | dict[str, str]) -> str | None:
    """The tag that speaks `wanted`: itself, its language alone, or any region of it; None where none does."""
    tag = tag_of(wanted)
    if tag is None:
        return None
    base = tag.split("-")[0]
    return next(
        (
            found
            for fits in (tag.__eq__, base.__eq__, lambda each: each.split("-")[0] == base)
            for found in among
            if fits(found)
        ),
        None,
    )
