"""A diarizer by voices: an embedding of each window of speech by a model in ONNX, then clusters of them.

Any model that maps features (batch x frames x mel bands: WeSpeaker's, 3D-Speaker's) or samples (batch x
samples, from -1 to 1) to one vector will do; it is given by path, for nothing is fetched.
"""

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError

from octavia_transcriber.speakers.base import DiarizationRequest, Diarizer, Regions
from octavia_transcriber.speakers.clustering import ClusterRules, Vectors, cluster, unit
from octavia_transcriber.speakers.fbank import SAMPLE_RATE, fbank
from octavia_transcriber.speakers.windows import complete, labelled, windows_of

_INSTALL = "install octavia-transcriber[speakers], or leave SPEAKER_MODEL empty."


class EmbeddingDiarizer(Diarizer):
    """One source at a time. Memory: the embeddings, a few MB an hour."""

    name = "embeddings"
    version = "1"

    def __init__(self, model: Path, rules: ClusterRules, *, threads: int = 0) -> None:
        super().__init__()
        self._path = model
        self._rules = rules
        self._threads = threads
        self._digest = ""
        self._session: Any = None
        self._input = ""
        self._bands: int | None = None

    def load(self) -> None:
        """Load the model and try it. Raises EngineUnavailableError."""
        try:
            onnxruntime = importlib.import_module("onnxruntime")
            importlib.import_module("scipy.cluster.hierarchy")
        except ImportError as error:
            raise EngineUnavailableError(f"Speakers cannot be told apart ({error}): {_INSTALL}") from None
        if not self._path.is_file():
            raise EngineUnavailableError(f"SPEAKER_MODEL: there is no file {self._path}.")
        with self._path.open("rb") as file:
            self._digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(self._path), options, providers=["CPUExecutionProvider"]
            )
            self._read_shape()
            self._embed(np.zeros(SAMPLE_RATE, np.int16))
        except EngineUnavailableError:
            raise
        except Exception as error:
            raise EngineUnavailableError(
                f"SPEAKER_MODEL={self._path} cannot be used: {' '.join(str(error).split())[:300]}"
            ) from error

    def _read_shape(self) -> None:
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        self._input = inputs[0].name
        if len(inputs) != 1 or len(shape) not in (2, 3):
            raise EngineUnavailableError(
                f"SPEAKER_MODEL={self._path} has {len(inputs)} inputs, the first of {len(shape)} dimensions; "
                "wanted is one of features (batch, frames, bands) or of samples (batch, samples)."
            )
        if len(shape) == 3:
            self._bands = shape[2] if isinstance(shape[2], int) else 80

    def unload(self) -> None:
        self._session = None

    def params(self) -> Mapping[str, Any]:
        return {"model": self._digest, "rules": asdict(self._rules)}

    def work(self, request: DiarizationRequest, cancel: CancelToken) -> Regions:
        regions = tuple(request.regions)
        windows = windows_of(regions)
        telling, vectors = [], []
        sound = np.memmap(request.pcm, np.dtype("<i2"), "r") if windows else np.zeros(0, np.int16)
        for number, window in enumerate(windows):
            cancel.raise_if_cancelled()
            part = sound[round(window.start * SAMPLE_RATE) : round(window.end * SAMPLE_RATE)]
            if window.tells and len(part):
                telling.append(number)
                vectors.append(self._embed(np.asarray(part)))
        labels: list[int | None] = [None] * len(windows)
        if vectors:
            found = cluster(unit(np.stack(vectors)), request.speakers, self._rules)
            for number, label in zip(telling, found.tolist(), strict=True):
                labels[number] = label
        return labelled(regions, windows, complete(windows, labels))

    def _embed(self, samples: NDArray[np.int16]) -> Vectors:
        if self._bands is None:
            given = samples.astype(np.float32) / np.float32(32_768)
        else:
            given = fbank(samples, self._bands)
        answer: Vectors = self._session.run(None, {self._input: given[None]})[0]
        return answer.reshape(-1)
