"""The recogniser: finds speech, hears it window by window in batches, and keeps what was really said."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Word
from octavia_common.errors import EngineUnavailableError, PermanentError, TransientError
from octavia_common.events import EnginePublished

from octavia_transcriber.engines.base import Recogniser, Recognition, RecognitionRequest
from octavia_transcriber.engines.whisper.detector import WhisperDetector
from octavia_transcriber.engines.whisper.guards import Figures, Guards, Verdict
from octavia_transcriber.engines.whisper.hearing import Heard, find_stretches, hear, hear_again, to_float
from octavia_transcriber.engines.whisper.languages import tags, whisper_code
from octavia_transcriber.engines.whisper.memory import Batches, is_out_of_memory
from octavia_transcriber.engines.whisper.models import LoadedModel, WhisperModels, packages
from octavia_transcriber.engines.whisper.windows import Stretch, spoken, wanted, windows
from octavia_transcriber.planning.features import SAMPLE_RATE

log = structlog.get_logger(__name__)

RULES = "1"
"""Version of what this package does with a model, part of the keys of transcripts."""


class WhisperRecogniser(Recogniser):
    """The windows of a chunk are decoded together, and several chunks beside each other where that is set."""

    name = "faster-whisper"
    honours = ("glossary", "check_speech")

    def __init__(
        self, models: WhisperModels, guards: Guards, *, batch_size: int, beam_size: int, abreast: int = 1
    ) -> None:
        super().__init__()
        self.abreast = self.threads = abreast
        self.models = models
        self._guards = guards
        self._batches = Batches(batch_size)
        self._beam_size = beam_size

    def load(self) -> None:
        """Load the default model and use it once. Raises EngineUnavailableError where it cannot."""
        packages()
        self.version = f"{version('faster-whisper')}-{RULES}"
        for size in self.models.sizes:
            self.models.folder(size)  # so that one that is not there is told of now, and not by a job
        try:
            loaded = self.models.get(None)
            self.languages = tags(loaded.languages)
            self._warm_up(loaded)
        except TransientError as error:
            raise EngineUnavailableError(error.message) from error
        except RuntimeError as error:  # such as a missing cuBLAS, which shows only now
            raise EngineUnavailableError(f"Whisper cannot compute here: {error}") from error

    def unload(self) -> None:
        self.models.clear()

    def _warm_up(self, loaded: LoadedModel) -> None:
        """Decode a batch of noise: libraries, kernels and memory are there before work is."""
        noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE * 30).astype(np.float32)
        full = self._batches.size if self.models.placement.device == "cuda" else 1
        find_stretches(noise[:SAMPLE_RATE])

        def decode(size: int) -> list[Heard]:
            clips = [Stretch(0, 30)] * min(full, size)
            code = loaded.languages[0]
            return hear(loaded, noise, clips, code, size, beam_size=self._beam_size, most_tokens=4)

        self._batches.attempt(decode)

    def variant(self, model_size: str | None) -> Mapping[str, Any]:
        return {
            "model": self.models.fingerprint(model_size),
            "compute_type": self.models.placement.compute_type,
            "beam_size": self._beam_size,
            "guards": asdict(self._guards),
        }

    def published(self) -> EnginePublished:
        name = self.models.options.model
        return (
            super()
            .published()
            .model_copy(
                update={
                    "model": Path(name).name if Path(name).is_dir() else name,
                    "licence": self.models.licence(),
                    "model_sizes": self.models.sizes,
                }
            )
        )

    def detector(self) -> WhisperDetector:
        return WhisperDetector(self.models, self._batches)

    def work(self, request: RecognitionRequest, cancel: CancelToken) -> Recognition:
        loaded = self._model(request.model_size)
        code = self._code(loaded, request.language)
        sound = to_float(request.samples)
        stretches = wanted(find_stretches(sound), request.regions)
        clips = windows(stretches)
        try:
            words = self._words(loaded, sound, clips, code, request.hot_words, cancel)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self.models.clear()
            raise TransientError("There is too little memory to recognise a chunk by itself.") from error
        return Recognition(request.language, tuple(spoken(words, stretches)))

    def _model(self, size: str | None) -> LoadedModel:
        try:
            return self.models.get(size)
        except EngineUnavailableError as error:
            # It was there when the service started: the volume, not the job, is at fault.
            raise TransientError(error.message) from error

    def _code(self, loaded: LoadedModel, language: str) -> str:
        code = whisper_code(language, loaded.languages)
        if code is None:
            self.check_language(language)
            raise PermanentError(
                f"The model {loaded.name} does not understand '{language}': choose another model size."
            )
        return code

    def _words(
        self,
        loaded: LoadedModel,
        sound: NDArray[np.float32],
        clips: Sequence[Stretch],
        code: str,
        hot_words: Sequence[str],
        cancel: CancelToken,
    ) -> list[Word]:
        if not clips:
            return []

        def decode(size: int) -> list[Heard]:
            return hear(
                loaded, sound, clips, code, size,
                beam_size=self._beam_size, hot_words=hot_words, cancel=cancel,
            )  # fmt: skip

        words: list[Word] = []
        for clip, heard in zip(clips, self._batches.attempt(decode), strict=True):
            cancel.raise_if_cancelled()
            verdict = self._guards.first(heard.figures)
            if verdict is Verdict.KEEP:
                words += heard.words
            elif verdict is Verdict.AGAIN:
                words += self._second_try(loaded, sound, clip, code, hot_words, cancel)
            else:
                _tell("silence", heard.figures)
        return words

    def _second_try(
        self,
        loaded: LoadedModel,
        sound: NDArray[np.float32],
        clip: Stretch,
        code: str,
        hot_words: Sequence[str],
        cancel: CancelToken,
    ) -> list[Word]:
        words: list[Word] = []
        for heard in hear_again(loaded, sound, clip, code, self._guards, hot_words=hot_words, cancel=cancel):
            if self._guards.last(heard.figures) is Verdict.KEEP:
                words += heard.words
            else:
                _tell("hallucination", heard.figures)
        return words


def _tell(what: str, figures: Figures) -> None:
    log.info("dropped what was not said", reason=what, **asdict(figures))
