"""Settings of the assembler."""

from typing import Literal

from octavia_common.settings import ServiceSettings
from pydantic import Field


class AssemblerSettings(ServiceSettings):
    """What the assembler can be told, beside what every service can."""

    assembler_renderer: Literal["dub", "timed"] = Field(
        "dub", description="What puts a language together; `timed` only takes time, for benchmarks."
    )
    assembler_duck_db: float = Field(
        30.0, ge=0, le=80, description="How many decibels the source's sound is lowered under speech."
    )
    assembler_duck_attack_seconds: float = Field(
        0.04, gt=0, le=1, description="How long it takes to fall, before the speech begins."
    )
    assembler_duck_release_seconds: float = Field(
        0.2, gt=0, le=5, description="How long it takes to come back, after the speech."
    )
    timed_engine_seconds: float = Field(
        0.0, ge=0, description="How long engines that only take time work on one piece."
    )
