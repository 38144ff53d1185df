"""Settings of the transcriber, beside those that every service has."""

from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field

from octavia_transcriber.planning.chunks import ChunkRules


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
    chunk_shortest_seconds: float = Field(
        12.0, gt=0, description="About how short the chunks of a short source may be."
    )
    chunk_parts: int = Field(
        8, ge=1, description="A source is cut finer than `CHUNK_TARGET_SECONDS` to have so many chunks."
    )
    chunk_window: int = Field(
        0,
        ge=0,
        description="Most chunks in the stages at once, counted once for each language and shared out fairly "
        "among users, so that long jobs let short ones by; 0: as many as keep the stages' workers busy.",
    )
    timed_engine_seconds: float = Field(0.0, ge=0, description="How long the engine `timed` takes a chunk.")
    timed_chunks: int = Field(
        1, ge=0, description="How many chunks the splitter `timed` makes of any source."
    )
    timed_chunk_seconds: float = Field(
        0.0,
        ge=0,
        description="Where not 0, the splitter `timed` makes a chunk of every so many seconds of a source.",
    )

    def chunk_rules(self) -> ChunkRules:
        """How the splitter `silence` cuts."""
        return ChunkRules(
            target=self.chunk_target_seconds,
            longest=self.chunk_max_seconds,
            shortest=self.chunk_shortest_seconds,
            parts=self.chunk_parts,
        )
