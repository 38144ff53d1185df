"""Separation by a model of the Demucs family, block by block, in flat memory."""

import importlib
import math
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy  # scipy.signal is loaded when it is first used: that takes seconds
import structlog
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, TransientError

from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.separation.blocks import Block, blocks_of
from octavia_assembler.separation.models import VOICE, fingerprint, load_model
from octavia_assembler.sound import CHANNELS, Samples
from octavia_assembler.sound.raw import RawSound
from octavia_assembler.timeline import SAMPLE_RATE

log = structlog.get_logger(__name__)

RULES = "1"
"""Version of what this module does with a model, part of the keys of outputs."""

_OVERLAP = 0.25
_LEAST_SEGMENT_SECONDS = 2.0


class DemucsSeparator(Separator):
    """One source at a time; each of its segments (some 8 s) is one call of the model."""

    name = "demucs"

    def __init__(self, model: Path | None, device: str = "auto") -> None:
        super().__init__()
        self._path = model
        self._wanted_device = device
        self._device = "cpu"
        self._digest = ""
        self._model: Any = None
        self._segment: float | None = None

    def load(self) -> None:
        """Load the model and use it once. Raises EngineUnavailableError."""
        try:
            torch = importlib.import_module("torch")
            importlib.import_module("demucs.apply")
        except ImportError as error:
            raise EngineUnavailableError(
                f"Demucs cannot be used ({error}): install octavia-assembler[demucs], "
                "or choose ASSEMBLER_ENGINE=ducking."
            ) from None
        if self._path is None:
            raise EngineUnavailableError("ASSEMBLER_ENGINE=demucs needs DEMUCS_MODEL, the path of a model.")
        self.version = f"{version('demucs')}-{RULES}"
        gpu = torch.cuda.is_available()
        self._device = ("cuda" if gpu else "cpu") if self._wanted_device == "auto" else self._wanted_device
        if self._device != "cpu" and not gpu:
            raise EngineUnavailableError(f"DEMUCS_DEVICE={self._wanted_device}, but torch sees no GPU here.")
        self._model = load_model(self._path)
        self._digest = fingerprint(self._path)
        noise = np.random.default_rng(0).normal(0, 0.01, (SAMPLE_RATE, CHANNELS)).astype(np.float32)
        try:
            self._voice_of(noise, CancelToken())
        except (RuntimeError, TransientError) as error:
            raise EngineUnavailableError(f"DEMUCS_MODEL={self._path} cannot be used: {error}") from error

    def unload(self) -> None:
        self._model = None

    def params(self) -> Mapping[str, Any]:
        return {"model": self._digest}

    def work(self, request: SeparationRequest, cancel: CancelToken) -> None:
        """Write the voice. Raises JobCancelledError between segments, TransientError for lack of memory."""
        request.voice.write_bytes(b"")  # another try must not add to what the first has left
        with RawSound(request.sound) as sound, RawSound(request.voice) as voice:
            total = sound.frames
            voice.resize(total)
            for block in blocks_of(request.regions, total):
                cancel.raise_if_cancelled()
                heard = self._voice_of(sound.read(block.first, block.last - block.first), cancel)
                _add(voice, block, heard, total)

    def _voice_of(self, sound: Samples, cancel: CancelToken) -> Samples:
        """The voice in a stretch of 48 kHz stereo, as long as it."""
        torch = importlib.import_module("torch")
        rate = int(self._model.samplerate)
        common = math.gcd(rate, SAMPLE_RATE)
        up, down = rate // common, SAMPLE_RATE // common
        given = np.asarray(scipy.signal.resample_poly(sound, up, down, axis=0), np.float32).T
        # As Demucs' own programs do: models are trained on sound of mean 0 and deviation 1.
        middle = given.mean(axis=0)
        mean, deviation = float(middle.mean()), float(middle.std()) + 1e-8
        mix = torch.from_numpy(np.ascontiguousarray((given - mean) / deviation))[None]
        stems = self._apply(mix, cancel)[0]
        voice = stems[list(self._model.sources).index(VOICE)].cpu().numpy() * deviation
        back = np.asarray(scipy.signal.resample_poly(voice.T, down, up, axis=0), np.float32)[: len(sound)]
        return np.pad(back, ((0, len(sound) - len(back)), (0, 0)))

    def _apply(self, mix: Any, cancel: CancelToken) -> Any:
        """All stems. Where the memory does not suffice, in shorter segments from then on."""
        torch = importlib.import_module("torch")
        apply_model = importlib.import_module("demucs.apply").apply_model
        while True:
            try:
                return apply_model(
                    self._model,
                    mix,
                    shifts=0,  # a random shift would make another result each time
                    split=True,
                    overlap=_OVERLAP,
                    device=self._device,
                    segment=self._segment,
                    callback=lambda _: cancel.raise_if_cancelled(),
                )
            except RuntimeError as error:
                if "out of memory" not in str(error).lower():
                    raise
                with suppress(RuntimeError):
                    torch.cuda.empty_cache()
                self._segment = self._shorter(error)
                log.warning("too little memory: shorter segments from now on", seconds=self._segment)

    def _shorter(self, error: RuntimeError) -> float:
        models = getattr(self._model, "models", [self._model])
        segment = self._segment or min(float(each.segment) for each in models)
        if segment / 2 < _LEAST_SEGMENT_SECONDS:
            raise TransientError("There is too little memory to separate voice and background.") from error
        return segment / 2


def _add(voice: RawSound, block: Block, heard: Samples, total: int) -> None:
    """Add a block's share; where the last one fades out, this one fades in."""
    first, last = max(block.start, 0), min(block.end, total)
    weights = block.weights()[first - block.start : last - block.start, None]
    share = heard[first - block.first : last - block.first] * weights
    voice.write(first, voice.read(first, last - first) + share)
