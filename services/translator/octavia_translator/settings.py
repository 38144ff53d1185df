"""Settings of the translator."""

from pathlib import Path
from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field


class TranslatorSettings(ServiceSettings):
    """What the translator reads from the environment."""

    translator_engine: Literal["apertium", "timed"] = Field(
        "apertium", description="Translation engine: `apertium`, or `timed` to measure the plumbing."
    )
    translator_threads: int = Field(2, gt=0, description="Most chunks that one process translates at once.")
    translator_line_timeout_seconds: float = Field(
        30.0, gt=0, description="Longest time one line may take before its engine is restarted."
    )
    apertium_data_dir: Path = Field(
        Path("/usr/share/apertium"), description="Where Apertium's language pairs are installed."
    )
    apertium_max_hops: int = Field(
        3, gt=0, description="Most language pairs one translation may go through (en→es→fr are 2)."
    )
    apertium_warm_pipelines: int = Field(
        6, gt=0, description="Most Apertium pipelines kept running for the next chunk (about 200 MB each)."
    )
    timed_engine_seconds: float = Field(0.0, ge=0, description="How long the `timed` engine takes a chunk.")
