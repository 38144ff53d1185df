"""Settings of the transcriber, beside those that every service has."""

from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field


class TranscriberSettings(ServiceSettings):
    """Read from the environment, one variable a field."""

    transcriber_engine: str = Field(
        "pocketsphinx", description="Recogniser: `pocketsphinx` (English, offline) or `timed` (benchmarks)."
    )
    transcriber_splitter: Literal["silence", "timed"] = Field(
        "silence", description="How sources are cut: at silences, or `timed` without media (benchmarks)."
    )
    chunk_target_seconds: float = Field(30.0, gt=0, description="About how long a chunk of speech is.")
    chunk_max_seconds: float = Field(45.0, gt=1, description="Longest chunk, whatever the speech is like.")
    chunk_window: int = Field(
        16,
        ge=1,
        description="Most chunks of one job in the stages at once, so that long jobs let short ones by.",
    )
    timed_engine_seconds: float = Field(0.0, ge=0, description="How long the engine `timed` takes a chunk.")
    timed_chunks: int = Field(
        1, ge=0, description="How many chunks the splitter `timed` makes of any source."
    )
