"""Models for Demucs' own loading code, made in a moment: one of random weights, and one that is exact."""

import json
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

SOURCES = ["drums", "bass", "other", "vocals"]
RATE = 44_100


def tiny_htdemucs(seed: int = 1) -> HTDemucs:
    """Demucs' current architecture with random weights: what it separates is noise, of the right shape."""
    torch.manual_seed(seed)
    return HTDemucs(SOURCES, channels=8, depth=4, t_layers=1, t_heads=2, segment=4)


class Middle(torch.nn.Module):
    """Takes what both channels have in common for the voice: exact where music has opposite signs in them."""

    sources = SOURCES
    samplerate = RATE
    audio_channels = 2
    segment = 5.0

    def __init__(self) -> None:
        super().__init__()
        self.share = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, mix: torch.Tensor) -> torch.Tensor:
        voice = (mix.sum(dim=1, keepdim=True) * self.share).expand_as(mix)
        silence = torch.zeros_like(mix)
        return torch.stack([silence, silence, mix - voice, voice], dim=1)


def write_pickle(path: Path, model: torch.nn.Module, **arguments: object) -> Path:
    """A `.th` file as Demucs writes it."""
    package = {"klass": type(model), "args": (), "kwargs": arguments, "state": model.state_dict()}
    torch.save(package, path)
    return path


def write_safetensors(path: Path, model: HTDemucs) -> Path:
    """A `.safetensors` file as the hub has them."""
    args, kwargs = model._init_args_kwargs
    metadata = {
        "klass": f"{type(model).__module__}.{type(model).__name__}",
        "args": json.dumps(list(args)),
        "kwargs": json.dumps(kwargs),
    }
    state = {name: value.contiguous().clone() for name, value in model.state_dict().items()}
    save_file(state, str(path), metadata)
    return path


def write_bag(folder: Path, *models: HTDemucs) -> Path:
    """A folder with several models and the file that names them."""
    folder.mkdir()
    names = [f"model{number}" for number in range(len(models))]
    for name, model in zip(names, models, strict=True):
        write_safetensors(folder / f"{name}.safetensors", model)
    (folder / "bag.yaml").write_text(f"models: {json.dumps(names)}\n")
    return folder
