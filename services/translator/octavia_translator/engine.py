"""What every translation engine answers, and the base that holds it to that."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octavia_common.cancellation import CancelToken
from octavia_common.engines import Engine
from octavia_common.errors import TransientError
from octavia_common.events import EnginePublished


@dataclass(frozen=True)
class Line:
    """One segment's text, under the segment's id."""

    id: str
    text: str


@dataclass(frozen=True)
class TranslationRequest:
    """The lines of one chunk, in order; languages are BCP 47 tags."""

    source_language: str
    target_language: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Answer:
    """What an engine made of the line with the same id.

    `unknown_words` counts the words it left as they were because it does not know them, of `words`
    in all; None where the engine cannot tell.
    """

    id: str
    text: str
    words: int = 0
    unknown_words: int | None = None


class AnswerMismatchError(TransientError):
    """An engine did not answer each line exactly once."""

    code = "engine_answer_mismatch"


class TranslationEngine(Engine[TranslationRequest, tuple[Answer, ...]]):
    """A translation engine: it implements `translate`, `pairs` and `params`."""

    kind = "translator"

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
