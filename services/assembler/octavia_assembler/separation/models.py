"""Models of the Demucs family, loaded by path.

Three forms are known: a `.safetensors` file as the Hugging Face hub has them, a `.th` file as Demucs itself
writes them (a pickle, which runs code of whoever made it: only files that the operator trusts), and a folder
with a bag of either, named by its one `.yaml`.
"""

import hashlib
import importlib
from pathlib import Path
from typing import Any

import yaml
from octavia_common.errors import EngineUnavailableError

VOICE = "vocals"


def load_model(path: Path) -> Any:
    """The model, ready to be applied. Raises EngineUnavailableError with one clear line where it cannot."""
    try:
        model = _bag(path) if path.is_dir() else _single(path)
    except EngineUnavailableError:
        raise
    except (Exception, SystemExit) as error:  # Demucs ends the process where a package of it is missing
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise EngineUnavailableError(f"DEMUCS_MODEL={path} cannot be loaded: {said}") from error
    if VOICE not in model.sources or model.audio_channels != 2:
        raise EngineUnavailableError(
            f"DEMUCS_MODEL={path} separates {', '.join(model.sources)} of {model.audio_channels} channels; "
            f"wanted is one that gives {VOICE} in stereo."
        )
    model.eval()
    return model


def fingerprint(path: Path) -> str:
    """Sixteen hex digits that tell a model from every other, wherever it lies."""
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for each in files:
        with each.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _single(path: Path) -> Any:
    if not path.is_file():
        raise EngineUnavailableError(f"DEMUCS_MODEL: there is nothing at {path}.")
    if path.suffix == ".safetensors":
        return importlib.import_module("demucs.hf").load_safetensors_model(path)
    return importlib.import_module("demucs.states").load_model(path)


def _bag(folder: Path) -> Any:
    names = sorted(folder.glob("*.yaml"))
    if len(names) != 1:
        raise EngineUnavailableError(
            f"DEMUCS_MODEL={folder} has {len(names)} .yaml files; a bag of models has one, which names them."
        )
    bag = yaml.safe_load(names[0].read_text())
    models = []
    for signature in bag["models"]:
        found = sorted([*folder.glob(f"{signature}.safetensors"), *folder.glob(f"{signature}*.th")])
        if not found:
            raise EngineUnavailableError(
                f"DEMUCS_MODEL={folder} lacks the model {signature} that its bag names."
            )
        models.append(_single(found[0]))
    apply = importlib.import_module("demucs.apply")
    return apply.BagOfModels(models, bag.get("weights"), bag.get("segment"))
