"""The offline moderator: a list of rules that a person can edit (`rules.toml`)."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Self

from octavia_common.cancellation import CancelToken
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from octavia_gateway.videos.moderation.base import Moderator, Prompts, Refusal, Verdicts
from octavia_gateway.videos.moderation.text import folded, spellings, without_marks


class Reason(BaseModel):
    """What the user is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str = Field(min_length=1, max_length=400)
    vi: str = Field(min_length=1, max_length=400)


class Rule(BaseModel):
    """Refuses a prompt with any phrase of `any`, or with one of each group of `together`.

    A phrase is whole words; an asterisk at its end stands for the rest of a word. Phrases with accents are
    found as they are written, others however they are spelled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str = Field(pattern=r"^[a-z][a-z/-]{0,59}$")
    reason: Reason
    any: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        phrases = [*self.any, *(phrase for group in self.together for phrase in group)]
        if not phrases or any(not folded(phrase.removesuffix("*")) for phrase in phrases):
            raise ValueError(f"the rule {self.category} has no phrase, or an empty one")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: tuple[Rule, ...]


class _Phrase:
    """One phrase, ready to be looked for."""

    def __init__(self, phrase: str) -> None:
        words = folded(phrase.removesuffix("*"))
        self._marked = words != without_marks(words)
        self._needle = f" {words}" if phrase.endswith("*") else f" {words} "

    def found(self, written: str, read: Sequence[str]) -> bool:
        """Whether a prompt has it."""
        if self._needle in written:
            return True
        return not self._marked and any(self._needle in spelling for spelling in read)


class RuleModerator(Moderator):
    """Looks for phrases. Every rule is tried in the file's order; the first that holds tells the reason."""

    name = "rules"

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self._rules = [
            (
                Refusal(rule.category, rule.reason.en, rule.reason.vi),
                [_Phrase(phrase) for phrase in rule.any],
                [[_Phrase(phrase) for phrase in group] for group in rule.together],
            )
            for rule in rules
        ]

    @classmethod
    def read(cls, path: str = "") -> Self:
        """From a file, or the rules that come with the gateway.

        Raises ValueError, which names the file, where it cannot be read as rules.
        """
        source = Path(path) if path else files("octavia_gateway") / "videos" / "moderation" / "rules.toml"
        try:
            return cls(_File.model_validate(tomllib.loads(source.read_text("utf-8"))).rules)
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise ValueError(f"MODERATION_RULES_FILE: {source} cannot be read as rules: {error}") from None

    def verdict(self, prompt: str) -> Refusal | None:
        """Why it is refused; None lets it through."""
        written, read = spellings(prompt)
        for refusal, phrases, groups in self._rules:
            if any(phrase.found(written, read) for phrase in phrases):
                return refusal
            if groups and all(any(phrase.found(written, read) for phrase in group) for group in groups):
                return refusal
        return None

    def work(self, request: Prompts, cancel: CancelToken) -> Verdicts:
        """Answer for each prompt."""
        return tuple(self.verdict(prompt) for prompt in request)
