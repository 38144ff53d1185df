"""Settings of the synthesizer."""

from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field


class SynthesizerSettings(ServiceSettings):
    """What the synthesizer reads from the environment."""

    synthesizer_engine: Literal["espeak", "timed"] = Field(
        "espeak", description="Speech engine: `espeak`, or `timed` to measure the plumbing."
    )
    synthesizer_threads: int = Field(
        2, gt=0, description="Most lines of a chunk that one process speaks at once."
    )
    synthesizer_line_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest time the engine may take over one line."
    )
    timed_engine_seconds: float = Field(0.0, ge=0, description="How long the `timed` engine takes a chunk.")
