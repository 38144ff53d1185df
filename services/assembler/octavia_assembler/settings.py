"""Settings of the assembler."""

from typing import Literal

from octavia_common.settings import OptionalPath, ServiceSettings
from pydantic import Field


class AssemblerSettings(ServiceSettings):
    """What the assembler can be told, beside what every service can."""

    assembler_renderer: Literal["dub", "timed"] = Field(
        "dub", description="What puts a language together; `timed` only takes time, for benchmarks."
    )
    assembler_engine: Literal["ducking", "demucs"] = Field(
        "ducking",
        description="How the source makes way for the dub: `ducking` lowers all of its sound; `demucs` takes "
        "its voice out and lowers that alone, so that music stays (it needs `DEMUCS_MODEL`, more scratch "
        "disk, and a GPU for long sources).",
    )
    demucs_model: OptionalPath = Field(
        None,
        description="Model of the Demucs family by path: a .safetensors or .th file (the latter runs code of "
        "whoever made it), or a folder with a bag of them and its .yaml.",
    )
    demucs_device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where it computes: `auto` takes the GPU where there is one."
    )
    assembler_duck_db: float = Field(
        30.0,
        ge=0,
        le=80,
        description="How many decibels the source's sound (or its voice alone) is lowered under speech.",
    )
    assembler_duck_attack_seconds: float = Field(
        0.04, gt=0, le=1, description="How long it takes to fall, before the speech begins."
    )
    assembler_duck_release_seconds: float = Field(
        0.2, gt=0, le=5, description="How long it takes to come back, after the speech."
    )
    assembler_keep_blocks: bool = Field(
        True,
        description="Keep the sound of jobs in blocks, so that an edited line is heard in seconds: 100 MB "
        "(a voice alone) to 300 MB (music) an hour of source, and some 150 MB an hour and language, deleted "
        "with their job. Without it each rendering makes all of it anew, with the same result.",
    )
    timed_engine_seconds: float = Field(
        0.0, ge=0, description="How long engines that only take time work on one piece."
    )
