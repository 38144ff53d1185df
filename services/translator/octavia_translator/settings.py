"""Settings of the translator."""

from pathlib import Path
from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field, SecretStr


class TranslatorSettings(ServiceSettings):
    """What the translator reads from the environment."""

    translator_engine: Literal["apertium", "vllm", "timed"] = Field(
        "apertium",
        description="Translation engine: `apertium`; `vllm` for a language model on any OpenAI-compatible "
        "server; `timed` to measure the plumbing.",
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
    llm_url: str = Field(
        "http://127.0.0.1:8000/v1",
        description="The model's server, OpenAI-compatible (`make vllm` starts one).",
    )
    llm_model: str = Field("", description="Its model; empty: the only one that it serves.")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Its key, where it wants one.")
    llm_languages: str = Field(
        "", description="Languages that the model translates, into each other (`en es vi`); empty: any."
    )
    llm_requests_in_flight: int = Field(
        8,
        gt=0,
        le=64,
        description="Chunks that one process has translated at once; it counts as so many workers. More than "
        "the partitions of `chunks.transcribed` bring nothing.",
    )
    llm_lines_per_request: int = Field(
        40, gt=0, description="Most lines of one request; a chunk of 30 s seldom has more than 20."
    )
    llm_candidates: int = Field(
        1,
        ge=1,
        le=4,
        description="Translations of each line that the model is asked for, of different length. All are "
        "spoken, and those chosen that sound best one after another: it costs as many times the speech, and "
        "answers as many times as long.",
    )
    llm_timeout_seconds: float = Field(120.0, gt=0, description="Longest time one answer may take.")
    llm_start_seconds: float = Field(
        600.0, ge=0, description="How long a starting translator waits for the model's server."
    )
    timed_engine_seconds: float = Field(0.0, ge=0, description="How long the `timed` engine takes a chunk.")
