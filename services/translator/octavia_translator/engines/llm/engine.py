"""The engine: a chunk's lines in one conversation, and what comes back held to what a dub needs."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, OctaviaError, UnsupportedLanguageError
from octavia_common.events import EnginePublished

from octavia_translator import budgets, checks, glossary
from octavia_translator.engine import Answer, Line, TranslationEngine, TranslationRequest
from octavia_translator.engines.llm import prompt
from octavia_translator.engines.llm.client import (
    LlmAwayError,
    LlmClient,
    LlmRefusedError,
    Question,
    TooMuchTextError,
)
from octavia_translator.languages import fallbacks, normal_tag
from octavia_translator.metrics import ASKED

log = structlog.get_logger(__name__)

ATTEMPTS = 3
"""Most times that a line is asked for, in all."""

TEMPERATURES = (0.0, 0.3, 0.6)
"""The likeliest answer first; then others, for the likeliest has failed."""

_POLL_SECONDS = 1.0
_POLLS_A_LINE = 30
_WARM_UP = TranslationRequest("en", "es", (Line("0-0", "Good morning.", seconds=3.0),))


@dataclass
class _Best:
    """The best answer so far for one line: what is none counts for nothing, what fits comes first."""

    text: str = ""
    faults: int = 1_000
    weight: float = 0.0
    others: tuple[str, ...] = ()

    def offer(self, text: str, faults: int, others: Sequence[str] = ()) -> None:
        """`others` have nothing wrong with them either."""
        weight = checks.weight(text)
        if (faults, weight) < (self.faults, self.weight):
            self.text, self.faults, self.weight = text, faults, weight
        self.others = (*self.others, *others)


@dataclass
class _Conversation:
    """The lines that are asked for together, and what has been said about them."""

    lines: tuple[Line, ...]
    messages: list[prompt.Message] = field(default_factory=list)


class LlmTranslator(TranslationEngine):
    """Asks a language model; `name` is the setting's, `version` the model's and the prompt's."""

    name = "vllm"
    honours = ("glossary", "style", "formality")

    def __init__(
        self,
        client: LlmClient,
        *,
        model: str = "",
        languages: Sequence[str] = (),
        threads: int = 8,
        lines_per_request: int = 40,
        start_seconds: float = 600.0,
        candidates: int = 1,
    ) -> None:
        """`model` empty takes the only one served; `languages` empty takes any, in any direction."""
        super().__init__()
        self.candidates = candidates
        self.threads = self.abreast = threads
        self.model = model
        self._client = client
        self._languages = tuple(normal_tag(each) for each in languages)
        self._lines_per_request = lines_per_request
        self._start_seconds = start_seconds

    def load(self) -> None:
        """Find the model and let it translate a line.

        Waits for a server that still starts. Raises EngineUnavailableError where it does not come, does
        not have the model, or cannot answer by a schema.
        """
        self.model = self._chosen(self._served())
        self.version = f"{self.model}-{prompt.VERSION}"
        try:
            self._ask(_Conversation(_WARM_UP.lines), _WARM_UP, 0, CancelToken())
        except OctaviaError as error:
            raise EngineUnavailableError(f"{self.model} does not translate: {error.message}") from None

    def unload(self) -> None:
        self._client.close()

    def pairs(self) -> Mapping[str, Sequence[str]] | None:
        """Each of the languages that the operator names into each other; None where none is named."""
        if not self._languages:
            return None
        return {each: tuple(other for other in self._languages if other != each) for each in self._languages}

    def params(self, source_language: str, target_language: str) -> Mapping[str, Any]:
        """Model and prompt. Raises UnsupportedLanguageError for a language that was not named."""
        for language in (source_language, target_language):
            if self._languages and not set(fallbacks(language)) & set(self._languages):
                raise UnsupportedLanguageError(
                    f"{language} is not among the languages of the translator: {', '.join(self._languages)}.",
                    language=language,
                    supported=list(self._languages),
                )
        several = {"candidates": self.candidates} if self.candidates > 1 else {}
        return {"model": self.model, "prompt": prompt.VERSION, **several}

    def published(self) -> EnginePublished:
        return super().published().model_copy(update={"model": self.model})

    def translate(self, request: TranslationRequest, cancel: CancelToken) -> Sequence[Answer]:
        """A chunk is one request if it fits; a line that cannot be had is answered with nothing."""
        best = {line.id: _Best() for line in request.lines}
        waiting = [
            request.lines[start : start + self._lines_per_request]
            for start in range(0, len(request.lines), self._lines_per_request)
        ]
        while waiting:
            lines = waiting.pop(0)
            try:
                self._converse(request, _Conversation(lines), best, cancel)
            except TooMuchTextError:
                waiting[:0] = _halves([line for line in lines if not best[line.id].text])
        return [
            Answer(line.id, best[line.id].text, others=tuple(dict.fromkeys(best[line.id].others)))
            for line in request.lines
        ]

    def _converse(
        self, request: TranslationRequest, talk: _Conversation, best: dict[str, _Best], cancel: CancelToken
    ) -> None:
        for attempt in range(ATTEMPTS):
            asked = talk.lines
            try:
                answered = self._ask(talk, request, attempt, cancel)
            except TooMuchTextError:
                if attempt == 0:
                    raise
                return  # what has been said so far fills the model; what it answered before stands
            faults = []
            for line in asked:
                texts = answered.get(line.id) or ("",)
                found = {text: _faults(request, line, text) for text in texts}
                good = [text for text, (wrong, _) in found.items() if not wrong]
                text = good[0] if good else texts[0]
                wrong, hopeless = found[text]
                ASKED.labels(self.name, "ok" if not wrong else wrong[0][0]).inc()
                if not hopeless:
                    best[line.id].offer(text, len(wrong), good[1:])
                if wrong:
                    faults.append(prompt.Fault(line, text, " ".join(told for _, told in wrong)))
            if not faults:
                return
            talk.lines = tuple(fault.line for fault in faults)
            talk.messages.append(prompt.again(faults))

    def _ask(
        self, talk: _Conversation, request: TranslationRequest, attempt: int, cancel: CancelToken
    ) -> dict[str, tuple[str, ...]]:
        """Texts by id of the conversation's lines, those that were answered."""
        # Only a voice has a choice to make between longer and shorter ones.
        count = 1 if request.written else self.candidates
        if not talk.messages:
            talk.messages = prompt.opening(request, talk.lines, count)
        schema = prompt.answer_schema(talk.lines, count)
        question = Question(talk.messages, schema, TEMPERATURES[attempt])
        content = self._client.ask(self.model, question, cancel)
        talk.messages.append({"role": "assistant", "content": content})
        return prompt.parse(content, talk.lines)

    def _served(self) -> list[str]:
        """The models of the server, once it is there."""
        began = time.monotonic()
        for count in itertools.count():
            try:
                return self._client.models()
            except LlmRefusedError as error:
                raise EngineUnavailableError(f"{self._client.url}: {error.message}") from None
            except LlmAwayError as error:
                if time.monotonic() - began > self._start_seconds:
                    raise EngineUnavailableError(
                        f"{error.message} Start the model's server (`make vllm`), or set LLM_URL to one."
                    ) from None
                if count % _POLLS_A_LINE == 0:
                    log.info("waiting for the model's server", url=self._client.url, reason=error.message)
            time.sleep(_POLL_SECONDS)
        raise AssertionError("unreachable: it counts for ever")

    def _chosen(self, served: Sequence[str]) -> str:
        if self.model in served:
            return self.model
        names = ", ".join(served) or "no model"
        if self.model:
            raise EngineUnavailableError(f"{self._client.url} does not serve {self.model}: it has {names}.")
        if len(served) != 1:
            raise EngineUnavailableError(f"{self._client.url} has {names}: set LLM_MODEL to one of them.")
        return served[0]


def _faults(request: TranslationRequest, line: Line, text: str) -> tuple[list[tuple[str, str]], bool]:
    """What is wrong with an answer: for each fault a word for metrics and a sentence for the model.

    And whether it is no answer at all, rather than one that could be better.
    """
    if len(text) >= prompt.longest(line):
        return [("endless", "It is far too long.")], True
    problem = checks.problem_of(line.text, Answer(line.id, text), request.target_language)
    if problem is not None:
        return [(problem, _told(problem, line, text))], True
    wrong = []
    if line.seconds is not None and not budgets.fits(text, line.text, line.seconds):
        wrong.append(("too long", prompt.too_long(request, line, text)))
    terms = glossary.missing(request.glossary, line.text, text)
    if terms:
        named = ", ".join(f'"{term.target}" for "{term.source}"' for term in terms)
        wrong.append(("glossary", f"Use the glossary: {named}."))
    return wrong, False


def _told(problem: str, line: Line, text: str) -> str:
    match problem:
        case "empty":
            return "There is no translation."
        case "wrong script":
            return "It is not written in the script of the target language."
        case "the source again":
            return "It is the original text, not a translation."
        case "numbers lost":
            return f"It lacks these numbers, in digits: {', '.join(checks.lost_numbers(line.text, text))}."
        case _:
            return "It is too long or too short to be a translation of the line."


def _halves(lines: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """Two groups of lines instead of one that was too much; one line that is too much is given up."""
    if len(lines) > 1:
        middle = len(lines) // 2
        yield tuple(lines[:middle])
        yield tuple(lines[middle:])
    elif lines:
        log.warning("a line is more than the model holds", segment=lines[0].id)
