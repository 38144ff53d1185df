"""Apertium: rule-based translation on a CPU, offline, through as many pairs as it takes.

The programs and their language data are GPL and are called as processes.
"""

import hashlib
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, UnsupportedLanguageError

from octavia_translator.engine import Answer, TranslationEngine, TranslationRequest
from octavia_translator.engines.pipeline import Pipeline, PipelinePool
from octavia_translator.languages import mode_languages
from octavia_translator.routes import Pair, Route, RouteMap
from octavia_translator.sentences import Sentence, to_line, to_sentence, with_capitals

MAX_CHARACTERS = 5000
"""A line beyond this is not a line of speech; it is answered with nothing."""

_MARKED = re.compile(r"(?<![\w@])[*@#](?=[^\W_])")
_UNKNOWN = re.compile(r"(?<![\w@])[*@]([^\W_][\w'’-]*)")
"""`*word` is in no dictionary, `@word` has no translation; both stand as they were. (`#word` is a
translated word whose right form could not be made.)"""

_MARKS_IN_SOURCE = re.compile(r"[*#]")
_WORD = re.compile(r"[^\W\d_]+")


class ApertiumTranslator(TranslationEngine):
    """Translates line by line through running pipelines, pivoting where no direct pair exists."""

    name = "apertium"

    def __init__(
        self,
        data_dir: Path,
        *,
        max_hops: int = 3,
        threads: int = 2,
        warm_pipelines: int = 6,
        line_timeout_seconds: float = 30.0,
    ) -> None:
        super().__init__()
        self.threads = threads
        self._data_dir = data_dir
        self._max_hops = max_hops
        self._timeout = line_timeout_seconds
        self._pipelines = PipelinePool(data_dir, limit=warm_pipelines)
        self._routes = RouteMap((), max_hops=max_hops)
        self._digests: dict[str, str] = {}
        self._digests_lock = threading.Lock()

    def load(self) -> None:
        """Find the program and its pairs. Raises EngineUnavailableError where either is missing."""
        for program in ("apertium", "apertium-wblank-mode", "bash"):
            if shutil.which(program) is None:
                raise EngineUnavailableError(
                    f"The program {program} is missing: install Apertium 3.8 or newer with a language pair "
                    "(apt-get install apertium apertium-eng-spa)."
                )
        self.version = _ask_apertium("-V").removeprefix("Apertium").strip()
        modes = _ask_apertium("-d", str(self._data_dir), "-l").split()
        self._routes = RouteMap(
            (Pair(*tags, mode) for mode in modes if (tags := mode_languages(mode))), max_hops=self._max_hops
        )
        if not any(self._routes):
            raise EngineUnavailableError(
                f"Apertium has no language pair in {self._data_dir}: install one "
                "(apt-get install apertium-eng-spa) or set APERTIUM_DATA_DIR."
            )

    def unload(self) -> None:
        self._pipelines.close()

    def pairs(self) -> Mapping[str, Sequence[str]]:
        """Every source language with what it can be translated into, pivots included."""
        return self._routes.targets()

    def params(self, source_language: str, target_language: str) -> Mapping[str, Any]:
        """The route and a digest of the dictionaries on it: new language data, new translation."""
        route = self.route(source_language, target_language)
        return {"route": [pair.name for pair in route], "data": [self._digest(pair.name) for pair in route]}

    def route(self, source_language: str, target_language: str) -> Route:
        """The pairs to go through. Raises UnsupportedLanguageError with what can be done instead."""
        route = self._routes.find(source_language, target_language)
        if not route:
            can = self._routes.targets()
            offer = (
                f"from {source_language} it can do {', '.join(can[source_language])}"
                if source_language in can
                else f"it can translate from {', '.join(can)}"
            )
            raise UnsupportedLanguageError(
                f"Apertium cannot translate from {source_language} to {target_language}; {offer}.",
                source_language=source_language,
                target_language=target_language,
                supported={source: list(targets) for source, targets in can.items()},
            )
        return route

    def translate(self, request: TranslationRequest, cancel: CancelToken) -> Sequence[Answer]:
        route = self.route(request.source_language, request.target_language)
        sentences = [
            to_sentence(_MARKS_IN_SOURCE.sub(" ", line.text), request.source_language)
            for line in request.lines
        ]
        texts = [sentence.text for sentence in sentences]
        unknown = [0] * len(texts)
        for hop, pair in enumerate(route):
            with self._pipelines.borrow(pair.name) as pipeline:
                for index, text in enumerate(texts):
                    retry = hop == 0 and sentences[index].bare
                    answer = self._ask(pipeline, text, cancel, try_names=retry)
                    unknown[index] = max(unknown[index], _unknown_words(answer, sentences[index]))
                    texts[index] = _MARKED.sub("", answer)
        return [
            Answer(line.id, to_line(text, sentence), len(_WORD.findall(sentence.text)), count)
            for line, text, sentence, count in zip(request.lines, texts, sentences, unknown, strict=True)
        ]

    def _ask(self, pipeline: Pipeline, text: str, cancel: CancelToken, *, try_names: bool) -> str:
        """One line's answer, marks included.

        Where recognised text has no capitals, words that come back unknown are tried once more as
        names ("americans" → "Americans"); the answer with fewer unknown words is taken.
        """
        if not text or len(text) > MAX_CHARACTERS:
            return ""
        answer = pipeline.ask(text, cancel, timeout=self._timeout)
        unknown = _UNKNOWN.findall(answer)
        if not (try_names and unknown):
            return answer
        second = pipeline.ask(with_capitals(text, unknown), cancel, timeout=self._timeout)
        return second if len(_UNKNOWN.findall(second)) < len(unknown) else answer

    def _digest(self, mode: str) -> str:
        """A digest of everything that a mode's answers depend on: its programs' data files."""
        with self._digests_lock:
            if mode not in self._digests:
                digest = hashlib.sha256()
                script = self._pipelines.script(mode)
                for token in shlex.split(script):
                    digest.update(token.encode() + b"\0")
                    if token.startswith("/") and Path(token).is_file():
                        digest.update(Path(token).read_bytes())
                self._digests[mode] = digest.hexdigest()
            return self._digests[mode]


def _unknown_words(answer: str, sentence: Sentence) -> int:
    """How many words were left as they were. Names may be, where the source tells names by capitals."""
    return sum(sentence.bare or word[0].islower() for word in _UNKNOWN.findall(answer))


def _ask_apertium(*arguments: str) -> str:
    """What `apertium` prints. Raises EngineUnavailableError where it does not run."""
    try:
        done = subprocess.run(
            ["apertium", *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailableError(f"Apertium does not run: {error}") from None
    return done.stdout
