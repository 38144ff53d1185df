"""Tells the language by Whisper's own first token."""

from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from octavia_common.cancellation import CancelToken
from octavia_common.errors import TransientError

from octavia_transcriber.engines.detection import DetectionRequest, LanguageDetector, Likelihoods
from octavia_transcriber.engines.whisper.hearing import Sound, to_float
from octavia_transcriber.engines.whisper.languages import tag_of
from octavia_transcriber.engines.whisper.memory import Batches, is_out_of_memory
from octavia_transcriber.engines.whisper.models import LoadedModel, WhisperModels


class WhisperDetector(LanguageDetector):
    """Shares the recogniser's models; a model of one language is sure of it."""

    name = "faster-whisper"

    def __init__(self, models: WhisperModels, batches: Batches) -> None:
        super().__init__()
        self._models = models
        self._batches = batches

    def load(self) -> None:
        self.version = version("faster-whisper")

    def variant(self, model_size: str | None) -> Mapping[str, str]:
        return {
            "model": self._models.fingerprint(model_size),
            "compute_type": self._models.placement.compute_type,
        }

    def work(self, request: DetectionRequest, cancel: CancelToken) -> tuple[Likelihoods, ...]:
        loaded = self._models.get(request.model_size)
        if not loaded.whisper.model.is_multilingual:
            return tuple({"en": 1.0} for _ in request.stretches)
        features = [self._features(loaded, stretch) for stretch in request.stretches]

        def detect(size: int) -> list[Likelihoods]:
            found: list[Likelihoods] = []
            for first in range(0, len(features), size):
                cancel.raise_if_cancelled()
                encoded = loaded.whisper.encode(np.stack(features[first : first + size]))
                found += [_likelihoods(each) for each in loaded.whisper.model.detect_language(encoded)]
            return found

        try:
            return tuple(self._batches.attempt(detect))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._models.clear()
            raise TransientError("There is too little memory to tell the language.") from error

    def _features(self, loaded: LoadedModel, stretch: NDArray[np.int16]) -> Sound:
        extractor = loaded.whisper.feature_extractor
        features: Sound = extractor(to_float(stretch))[:, : extractor.nb_max_frames]
        missing = extractor.nb_max_frames - features.shape[1]
        return np.pad(features, ((0, 0), (0, missing)))


def _likelihoods(found: list[tuple[str, float]]) -> Likelihoods:
    """From `<|en|>` and its probability, most probable first."""
    return {tag_of(token[2:-2]): probability for token, probability in found}
