"""Settings of the transcriber, beside those that every service has."""

from typing import Literal

from octavia_common.settings import OptionalPath, ServiceSettings
from pydantic import Field

from octavia_transcriber.planning.chunks import ChunkRules


class TranscriberSettings(ServiceSettings):
    """Read from the environment, one variable a field."""

    transcriber_engine: str = Field(
        "pocketsphinx",
        description="Recogniser: `pocketsphinx` (English, offline), `faster-whisper` (100 languages) or "
        "`timed` (benchmarks).",
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
    least_language_probability: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Where a job leaves its source language to the engine, and that is less sure than this "
        "over all that it listened to, the job fails and asks for the language.",
    )
    check_most_error: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Share of a dubbed line's words that may be recognised otherwise before it is spoken "
        "again, where lines are checked. It must be above what the recogniser gets wrong of good speech.",
    )
    speaker_model: OptionalPath = Field(
        None,
        description="Model in ONNX that tells voices apart (WeSpeaker's, 3D-Speaker's, …), by path; empty: "
        "everybody who speaks counts as one speaker.",
    )
    speaker_distance: float = Field(
        0.5,
        gt=0,
        lt=2,
        description="Cosine distance from which two voices are two speakers, where a job does not say how "
        "many there are; it depends on the model.",
    )
    speaker_threads: int = Field(0, ge=0, description="Threads of that model; 0: one a core.")
    whisper_model: str = Field(
        "large-v3-turbo",
        description="Model of the engine `faster-whisper`: a name (`small`, `large-v3-turbo`), an id of the "
        "Hugging Face hub, or the path of a folder in ctranslate2's format.",
    )
    whisper_model_sizes: str = Field(
        "",
        description="What jobs may ask for as `model_size`: `small,large-v3`, or `small=PATH,…` for models "
        "by path. Empty: only the one model, by the last part of its name.",
    )
    whisper_models_dir: OptionalPath = Field(
        None,
        description="Where models by name are kept, such as a volume that all share (read-only once they are "
        "there); empty: the hub's own cache.",
    )
    whisper_download: bool = Field(
        True,
        description="Whether models by name that are not there are fetched from the Hugging Face hub.",
    )
    whisper_device: str = Field(
        "auto", description="`auto` (the GPU where there is one), `cpu`, `cuda` or `cuda:1`."
    )
    whisper_compute_type: str = Field(
        "auto",
        description="Numbers that Whisper computes with: `auto` (float16 on a GPU, int8 on a CPU) or one "
        "that ctranslate2 has there.",
    )
    whisper_threads: int = Field(0, ge=0, description="Threads of Whisper on a CPU; 0: ctranslate2's choice.")
    whisper_batch_size: int = Field(
        8,
        ge=1,
        description="Most windows of 30 s decoded at once; halves itself where the memory does not suffice.",
    )
    whisper_chunks_at_once: int = Field(
        1,
        ge=1,
        description="Chunks that one process recognises at once: 2 keep a GPU busy while the CPU finds "
        "speech and times words; each takes memory of its own.",
    )
    whisper_beam_size: int = Field(5, ge=1, description="Candidates that Whisper follows at once.")
    whisper_models_kept: int = Field(
        1, ge=1, description="Most models in memory at once, where `WHISPER_MODEL_SIZES` offers several."
    )
    whisper_least_log_probability: float = Field(
        -1.0,
        description="Text whose tokens are less probable than this on average is decoded again, and dropped "
        "where Whisper also believes that nobody speaks.",
    )
    whisper_most_no_speech: float = Field(
        0.6, ge=0, le=1, description="Probability of no speech from which improbable text is dropped."
    )
    whisper_most_compression: float = Field(
        2.4, gt=0, description="Text that compresses better than this repeats itself, and is dropped."
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
