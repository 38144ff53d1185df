"""Whisper models: where they lie, on what they run, and which of them are in memory."""

import hashlib
import importlib
import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from octavia_common.errors import EngineUnavailableError, TransientError

from octavia_transcriber.engines.base import UnknownModelSizeError
from octavia_transcriber.engines.whisper.memory import is_out_of_memory

log = structlog.get_logger(__name__)

_FILES = ("model.bin", "config.json", "tokenizer.json")
_SAMPLE_BYTES = 1 << 20
INSTALL = "install octavia-transcriber[faster-whisper], or choose another TRANSCRIBER_ENGINE."


@dataclass(frozen=True)
class WhisperOptions:
    """What the operator chose. A model is a name (`small`), an id of the Hugging Face hub, or a path."""

    model: str
    sizes: Mapping[str, str] = field(default_factory=dict)
    """What a job may ask for as `model_size`, and the model that this means."""
    folder: Path | None = None
    """Where models by name are kept; None: in the hub's own cache."""
    download: bool = True
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 0
    workers: int = 1
    """Calls that a model answers at once."""
    kept: int = 1
    """Most models in memory at once."""


def sizes_of(setting: str) -> dict[str, str]:
    """The sizes of `small,large=PATH`: names, each with its model. Raises EngineUnavailableError where one is
    empty."""
    sizes: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in setting.split(","))):
        name, equals, model = (each.strip() for each in part.partition("="))
        if not name or (equals and not model):
            raise EngineUnavailableError(f"WHISPER_MODEL_SIZES: '{part}' is neither NAME nor NAME=MODEL.")
        sizes[name] = model or name
    return sizes


def offered(setting: str, model: str) -> dict[str, str]:
    """What jobs may ask for: the sizes of the setting, else only the model there is, by the last part of its
    name, so that what nobody can do is refused before anything is held."""
    return sizes_of(setting) or {Path(model).name: model}


@dataclass(frozen=True)
class Placement:
    """A device (`cpu`, `cuda`), which one of its kind, and in what numbers it computes."""

    device: str
    index: int
    compute_type: str


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory: faster-whisper's own, and what it is."""

    name: str
    whisper: Any
    languages: tuple[str, ...]
    """Whisper's codes of what it understands."""


def packages() -> tuple[Any, Any]:
    """faster-whisper and ctranslate2. Raises EngineUnavailableError where they are missing."""
    try:
        return importlib.import_module("faster_whisper"), importlib.import_module("ctranslate2")
    except ImportError as error:
        raise EngineUnavailableError(f"faster-whisper cannot be used ({error}): {INSTALL}") from None


def place(device: str, compute_type: str) -> Placement:
    """Where to compute and how: a GPU in half precision where there is one, else the CPU with 8-bit weights.

    `device` is `auto`, `cpu`, `cuda` or `cuda:N`. Raises EngineUnavailableError for what is not there.
    """
    _, ctranslate2 = packages()
    kind, _, number = device.partition(":")
    gpus = ctranslate2.get_cuda_device_count()
    if kind == "auto":
        kind = "cuda" if gpus else "cpu"
    index = int(number) if number.isdecimal() else 0
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise EngineUnavailableError(f"WHISPER_DEVICE={device} is none of auto, cpu, cuda and cuda:N.")
    if kind == "cuda" and index >= gpus:
        raise EngineUnavailableError(
            f"WHISPER_DEVICE={device}, but ctranslate2 sees {gpus} GPUs here: check the driver, or set `cpu`."
        )
    supported = ctranslate2.get_supported_compute_types(kind, index)
    if compute_type == "auto":
        order = ("float16", "bfloat16", "int8", "float32") if kind == "cuda" else ("int8", "float32")
        compute_type = next(each for each in order if each in supported or each == "float32")
    elif compute_type not in supported:
        raise EngineUnavailableError(
            f"WHISPER_COMPUTE_TYPE={compute_type} is not to be had on {kind} here: "
            f"choose one of auto, {', '.join(sorted(supported))}."
        )
    return Placement(kind, index, compute_type)


class WhisperModels:
    """The models of one process. Any thread may ask; a model in use stays until its last user lets go."""

    def __init__(self, options: WhisperOptions) -> None:
        self.options = options
        self._lock = threading.RLock()
        self._placement: Placement | None = None
        self._loaded: OrderedDict[Path, LoadedModel] = OrderedDict()
        self._folders: dict[str, Path] = {}
        self._fingerprints: dict[Path, str] = {}

    @property
    def sizes(self) -> tuple[str, ...]:
        """What a job may ask for."""
        return tuple(self.options.sizes)

    @property
    def placement(self) -> Placement:
        """Where this process computes."""
        if self._placement is None:
            self._placement = place(self.options.device, self.options.compute_type)
        return self._placement

    def get(self, size: str | None) -> LoadedModel:
        """The model of a job, loaded where it is not. Raises UnknownModelSizeError; EngineUnavailableError
        for one that cannot be loaded, TransientError where there is too little memory for it."""
        folder = self.folder(size)
        with self._lock:
            found = self._loaded.get(folder)
            if found is None:
                while len(self._loaded) >= max(1, self.options.kept):
                    self._loaded.popitem(last=False)
                found = self._loaded[folder] = self._load(self._name(size), folder)
            self._loaded.move_to_end(folder)
            return found

    def fingerprint(self, size: str | None) -> str:
        """Sixteen hex digits that tell a job's model from every other, wherever it lies."""
        folder = self.folder(size)
        with self._lock:
            if folder not in self._fingerprints:
                self._fingerprints[folder] = fingerprint(folder)
            return self._fingerprints[folder]

    def folder(self, size: str | None) -> Path:
        """Where the model of a job lies, fetched there if it may be."""
        name = self._name(size)
        with self._lock:
            if name not in self._folders:
                self._folders[name] = self._find(name)
            return self._folders[name]

    def licence(self) -> str | None:
        """Of the default model where it is one that OpenAI's names stand for; else its maker knows."""
        known = importlib.import_module("faster_whisper").available_models()
        return "MIT" if self.options.model in known else None

    def clear(self) -> None:
        """Let go of all models."""
        with self._lock:
            self._loaded.clear()

    def _name(self, size: str | None) -> str:
        if size is None:
            return self.options.model
        try:
            return self.options.sizes[size]
        except KeyError:
            raise UnknownModelSizeError(size, self.sizes) from None

    def _find(self, name: str) -> Path:
        if Path(name).is_dir():
            missing = [file for file in _FILES if not (Path(name) / file).is_file()]
            if missing:
                raise EngineUnavailableError(
                    f"{name} is no Whisper model in ctranslate2's format: it lacks {', '.join(missing)}."
                )
            return Path(name)
        if name.startswith((".", "/", "~")):
            raise EngineUnavailableError(f"There is no folder {name} with a Whisper model.")
        packages()
        download = importlib.import_module("faster_whisper.utils").download_model
        try:
            return Path(download(name, local_files_only=True, cache_dir=self._cache()))
        except ValueError as error:
            raise EngineUnavailableError(f"WHISPER_MODEL: {error}.") from None
        except OSError:
            if not self.options.download:
                raise EngineUnavailableError(
                    f"The Whisper model {name} is not on this machine, and WHISPER_DOWNLOAD is off: "
                    "put it there, or give its path."
                ) from None
        log.info("fetching a Whisper model", model=name)
        try:
            return Path(download(name, cache_dir=self._cache()))
        except (OSError, ValueError) as error:
            raise EngineUnavailableError(
                f"The Whisper model {name} cannot be fetched ({_line(error)}): give a folder's path."
            ) from None

    def _cache(self) -> str | None:
        return str(self.options.folder) if self.options.folder else None

    def _load(self, name: str, folder: Path) -> LoadedModel:
        faster_whisper, _ = packages()
        where = self.placement
        try:
            whisper = faster_whisper.WhisperModel(
                str(folder),
                device=where.device,
                device_index=where.index,
                compute_type=where.compute_type,
                cpu_threads=self.options.threads,
                num_workers=self.options.workers,
            )
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            if is_out_of_memory(error):
                raise TransientError(f"There is too little memory on {where.device} for {name}.") from error
            raise EngineUnavailableError(
                f"The Whisper model {name} cannot be loaded: {_line(error)}"
            ) from None
        log.info("Whisper model loaded", model=name, device=where.device, compute_type=where.compute_type)
        return LoadedModel(name, whisper, _languages(whisper))


def _languages(whisper: Any) -> tuple[str, ...]:
    """Those that a model has a token for: the package lists all that any model knows."""
    codes: list[str] = whisper.supported_languages
    if not whisper.model.is_multilingual:
        return tuple(codes)
    return tuple(code for code in codes if whisper.hf_tokenizer.token_to_id(f"<|{code}|>") is not None)


def fingerprint(folder: Path) -> str:
    """Of a model's small files, and the length, beginning, middle and end of its weights.

    Weights are gigabytes, which nobody wants to wait for at each start; two models that agree in all this are
    the same.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".txt"):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    with (folder / "model.bin").open("rb") as file:
        size = file.seek(0, 2)
        digest.update(str(size).encode())
        for start in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
            file.seek(start)
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def _line(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
