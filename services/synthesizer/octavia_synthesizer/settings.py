"""Settings of the synthesizer."""

from pathlib import Path
from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field

DEFAULT_MODELS = (
    "tts_models/es/css10/vits",
    "tts_models/fr/css10/vits",
    "tts_models/de/thorsten/vits",
    "tts_models/it/mai_female/vits",
    "tts_models/pt/cv/vits",
    "tts_models/ca/custom/vits",
    "tts_models/en/vctk/vits",
)
"""One voice model a language, each under a licence that allows commercial use (BSD, Apache, CC BY), as the
catalogue of coqui-tts 0.28 names them."""


class SynthesizerSettings(ServiceSettings):
    """What the synthesizer reads from the environment."""

    synthesizer_engine: Literal["espeak", "coqui", "timed"] = Field(
        "espeak", description="Speech engine: `espeak`, `coqui`, or `timed` to measure the plumbing."
    )
    synthesizer_threads: int = Field(
        2, gt=0, description="Most lines of a chunk that one process speaks at once."
    )
    synthesizer_line_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest time the engine may take over one line."
    )
    check_speech: bool = Field(
        False,
        description="Whether dubbed lines are recognised again, and spoken again where they fall short, in "
        "jobs that do not say (`check_speech`). It costs about as much as recognising the source, for each "
        "language that the recogniser understands: worth it on a GPU.",
    )
    coqui_models: str = Field(
        ",".join(DEFAULT_MODELS),
        description="Coqui's models, comma-separated: names of its catalogue (`tts_models/es/css10/vits`) or "
        "paths (a folder, or a checkpoint with its config.json beside it), each for its own languages or, as "
        "`es=/models/es`, for one. The first that speaks a language does.",
    )
    coqui_models_dir: Path | None = Field(
        None,
        description="Where models by name are kept; may be read-only once they are there. Empty: Coqui's own "
        "place.",
    )
    coqui_download: bool = Field(
        True, description="Whether models by name that are not there are fetched by Coqui's own manager."
    )
    coqui_speakers: str = Field(
        "",
        description="Speakers of models with several, comma-separated, in the order in which they are given "
        "to the speakers of a source; empty: all, as the model lists them.",
    )
    coqui_device: str = Field("auto", description="`cpu`, `cuda`, `cuda:1`, or `auto`: a GPU where one is.")
    coqui_batch: int = Field(
        8, gt=0, description="Most lines that one process speaks at once; halved where memory runs out."
    )
    coqui_accept_licences: str = Field(
        "",
        description="Licences of models that forbid commercial use and that you have accepted, "
        "comma-separated, such as `CPML` (XTTS).",
    )
    timed_engine_seconds: float = Field(0.0, ge=0, description="How long the `timed` engine takes a chunk.")
