"""What every translation engine answers, and the base that holds it to that."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from octavia_common.cancellation import CancelToken
from octavia_common.engines import Engine
from octavia_common.errors import TransientError
from octavia_common.events import EnginePublished

from octavia_translator.glossary import Term


@dataclass(frozen=True)
class Line:
    """One segment's text, under the segment's id; `seconds` is the time that its dub has."""

    id: str
    text: str
    speaker: str = "S1"
    seconds: float | None = None


@dataclass(frozen=True)
class TranslationRequest:
    """The lines of one chunk, in order; languages are BCP 47 tags.

    `glossary`, `style` and `formality` are the owner's wishes, left out for an engine that does not honour
    them. `written`: the lines are for subtitles, to be read and never spoken.
    """

    source_language: str
    target_language: str
    lines: tuple[Line, ...]
    glossary: tuple[Term, ...] = ()
    style: str = ""
    formality: Literal["default", "formal", "informal"] = "default"
    written: bool = False


@dataclass(frozen=True)
class Answer:
    """What an engine made of the line with the same id.

    `unknown_words` counts the words it left as they were because it does not know them, of `words`
    in all; None where the engine cannot tell. `others` are translations that would do as well, of other
    lengths, from an engine that has `candidates`.
    """

    id: str
    text: str
    words: int = 0
    unknown_words: int | None = None
    others: tuple[str, ...] = ()


class AnswerMismatchError(TransientError):
    """An engine did not answer each line exactly once."""

    code = "engine_answer_mismatch"


class TranslationEngine(Engine[TranslationRequest, tuple[Answer, ...]]):
    """A translation engine: it implements `translate`, `pairs` and `params`."""

    kind = "translator"
    honours: ClassVar[tuple[str, ...]] = ()
    """Names of `JobOptions` that it heeds."""
    candidates: int = 1
    """Translations of each line that it offers, of different length, for the dub to choose from."""
    abreast: int = 1
    """Chunks that one process works on at once: more than 1 where the work is done elsewhere."""

    @abstractmethod
    def translate(self, request: TranslationRequest, cancel: CancelToken) -> Sequence[Answer]:
        """One answer a line, in any order. Runs in a thread."""

    @abstractmethod
    def pairs(self) -> Mapping[str, Sequence[str]] | None:
        """Target languages by source language; None where it takes any pair."""

    @abstractmethod
    def params(self, source_language: str, target_language: str) -> Mapping[str, Any]:
        """What, besides text, name and version, an answer depends on; JSON values for its key.

        May read files, so it is called in a thread. Raises UnsupportedLanguageError, with what can
        be done, for a pair it does not have.
        """

    def published(self) -> EnginePublished:
        """What the platform is told of it, once it is loaded; an engine that can do more says more."""
        pairs = self.pairs()
        return EnginePublished(
            kind="translator",
            engine=self.name,
            version=self.version,
            honours=self.honours,
            pairs=None if pairs is None else {source: tuple(into) for source, into in pairs.items()},
        )

    def work(self, request: TranslationRequest, cancel: CancelToken) -> tuple[Answer, ...]:
        """The answers in the order of the lines. Raises AnswerMismatchError."""
        answers = self.translate(request, cancel)
        asked = Counter(line.id for line in request.lines)
        answered = Counter(answer.id for answer in answers)
        if asked != answered:
            raise AnswerMismatchError(
                "The translation engine did not answer every line exactly once.",
                missing=sorted((asked - answered).elements()),
                surplus=sorted((answered - asked).elements()),
            )
        by_id = {answer.id: answer for answer in answers}
        return tuple(by_id[line.id] for line in request.lines)
