"""Where a model's files are: from a name of Coqui's catalogue, or from a path.

Models may lie on a volume that is read-only, so a configuration that points elsewhere (to where its maker
trained it) is mended in a copy.
"""

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_common.errors import EngineUnavailableError

from octavia_synthesizer.engines.coqui.choice import ModelChoice
from octavia_synthesizer.engines.coqui.licences import UNKNOWN, check_accepted, licence_beside

_REFERRED = {
    "speakers_file": ("speaker_ids.json", "speaker_ids.pth", "speakers.pth"),
    "d_vector_file": ("speakers.json", "speakers.pth"),
    "language_ids_file": ("language_ids.json",),
    "speaker_encoder_model_path": ("model_se.pth", "model_se.pth.tar"),
    "speaker_encoder_config_path": ("config_se.json",),
    "stats_path": ("scale_stats.npy",),
}
"""Fields of a configuration that name files, and the names that Coqui gives these in its releases."""


@dataclass(frozen=True)
class ModelFiles:
    """A model that is there and may be used. `digest` tells its files from those of any other."""

    title: str
    licence: str
    digest: str
    checkpoint: Path
    config: Path
    vocoder: tuple[Path, Path] | None = None


def find_files(
    choice: ModelChoice,
    *,
    models_dir: Path | None,
    accepted: Collection[str],
    scratch: Path,
    download: bool = True,
) -> ModelFiles:
    """The files of a model, fetched by Coqui's own manager where it is named and not there yet.

    Raises EngineUnavailableError where it is not to be had, or its licence was not accepted: that is looked
    at before anything is fetched.
    """
    if choice.named:
        return _named(choice, models_dir, accepted, download=download)
    return _lying_there(choice, accepted, scratch)


def _named(
    choice: ModelChoice, models_dir: Path | None, accepted: Collection[str], *, download: bool
) -> ModelFiles:
    from TTS.utils.manage import ModelManager

    manager = ModelManager(output_prefix=models_dir, progress_bar=False)
    licence = _licence_of(choice, manager.models_dict)
    check_accepted(choice.reference, licence, accepted)
    if not download:
        _check_there(manager.output_prefix, choice.reference)
    # It asks on the terminal else. Whoever is here has accepted, by the setting.
    os.environ["COQUI_TOS_AGREED"] = "1"
    try:
        checkpoint, config, item = manager.download_model(choice.reference)
        vocoder = None
        if item.get("default_vocoder"):
            vocoder_checkpoint, vocoder_config, _ = manager.download_model(item["default_vocoder"])
            vocoder = (Path(vocoder_checkpoint), Path(vocoder_config))
    except Exception as error:
        raise EngineUnavailableError(
            f"The model {choice.reference} cannot be had: {str(error)[:200] or type(error).__name__}. "
            "Bring it into COQUI_MODELS_DIR on a machine with internet, or name a path in COQUI_MODELS."
        ) from error
    files = [Path(checkpoint), Path(config), *(vocoder or ())]
    return ModelFiles(choice.reference, licence, _digest(files), files[0], files[1], vocoder)


def _check_there(kept: Path, name: str) -> None:
    """Raise EngineUnavailableError for a model that would have to be fetched."""
    folder = kept / name.replace("/", "--")
    if not folder.is_dir():
        raise EngineUnavailableError(
            f"The model {name} is not in {folder}, and COQUI_DOWNLOAD=false keeps it from being fetched."
        )


def _licence_of(choice: ModelChoice, catalogue: dict[str, Any]) -> str:
    kind, language, dataset, name = choice.reference.split("/")
    if dataset == "fairseq":
        return "CC BY-NC 4.0"
    try:
        item: dict[str, Any] = catalogue[kind][language][dataset][name]
    except KeyError:
        known = [f"{kind}/{language}/{d}/{n}" for d in catalogue[kind].get(language, {}) for n in
                 catalogue[kind][language][d]]  # fmt: skip
        raise EngineUnavailableError(
            f"Coqui has no model {choice.reference}; for {language} it has {', '.join(known) or 'none'}."
        ) from None
    return str(item.get("license") or UNKNOWN)


def _lying_there(choice: ModelChoice, accepted: Collection[str], scratch: Path) -> ModelFiles:
    folder = choice.path if choice.path.is_dir() else choice.path.parent
    config = folder / "config.json"
    if not choice.path.exists() or not config.is_file():
        raise EngineUnavailableError(
            f"There is no model at {choice.path}: COQUI_MODELS names a folder with config.json and a "
            "checkpoint, or the checkpoint itself."
        )
    try:
        described = json.loads(config.read_text("utf-8"))
        architecture = str(described["model"]).lower()
    except (ValueError, KeyError, TypeError):
        raise EngineUnavailableError(f"{config} is no configuration of a Coqui model.") from None
    licence = licence_beside(folder, architecture)
    check_accepted(str(choice.path), licence, accepted)
    checkpoint = choice.path if choice.path.is_file() else _checkpoint(folder, architecture)
    digest = _digest([checkpoint if checkpoint.is_file() else folder / "model.pth", config])
    # Absolute paths in a configuration are its maker's; what lies beside it is what is meant.
    mended = scratch / f"{digest}.json"
    mended.write_text(json.dumps(_mended(described, folder)), "utf-8")
    return ModelFiles(folder.name, licence, digest, checkpoint, mended)


def _checkpoint(folder: Path, architecture: str) -> Path:
    if architecture in ("xtts", "bark", "tortoise"):  # they find their several files themselves
        return folder
    usual = [
        folder / name for name in ("model_file.pth", "model_file.pth.tar", "model.pth", "checkpoint.pth")
    ]
    found = [path for path in usual if path.is_file()] or [
        path for path in folder.glob("*.pth") if path.stem.startswith(("model", "best_model", "checkpoint"))
    ]
    if not found:
        raise EngineUnavailableError(
            f"There is no checkpoint (model.pth) in {folder}: name the file itself in COQUI_MODELS."
        )
    return found[0]


def _mended(described: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The configuration with its files where they lie: beside it."""
    mended = dict(described)
    for name, value in described.items():
        if isinstance(value, dict):
            mended[name] = _mended(value, folder)
        elif name in _REFERRED and value:
            named = value[0] if isinstance(value, list) else value
            beside = next(
                (
                    folder / each
                    for each in (Path(str(named)).name, *_REFERRED[name])
                    if (folder / each).is_file()
                ),
                None,
            )
            if beside is not None:
                mended[name] = [str(beside)] if isinstance(value, list) else str(beside)
    return mended


def _digest(files: Collection[Path]) -> str:
    """12 hex digits of all that the files hold."""
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]
