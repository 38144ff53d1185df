"""How many workers keep up with so much video, and what they cost: arithmetic on published figures. Pure.

The unit is the hour of source video that comes in an hour ("load"), in one target language.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from octavia_common.topics import SPREAD

CHUNK_SECONDS = 30.0
"""About how long a chunk is (CHUNK_TARGET_SECONDS)."""

BUSY = 0.8
"""Share of its time that a worker may be busy: above it queues grow long, and a peak finds nobody free."""

TOKENS_A_CHUNK = 200
"""What a translator has written for a chunk: 75 words (150 a minute) as some 150 tokens, and their JSON."""

VLLM_TOKENS_A_SECOND = 308.0
"""Of one GPU, for many requests together: 14B AWQ (cnblogs.com/aibi1/p/19503897)."""

VLLM_IN_FLIGHT = 16
"""Chunks that one vLLM server answers at a time, as the overlay `gpu` scales it."""


@dataclass(frozen=True)
class Stage:
    """One stage and the engine in it.

    Attributes:
        seconds: that a worker works on one piece: a chunk, or (assembler) a second of video.
        gpus: of a worker; a translator only waits for vLLM, whose servers are counted by themselves.
        source: where `seconds` comes from.
    """

    service: str
    engine: str
    seconds: float
    gpus: int
    source: str


STAGES = (
    Stage(
        "transcriber",
        "faster-whisper large-v2, batches of 8",
        CHUNK_SECONDS * 17 / (13 * 60),
        1,
        "13 min in 17 s on an RTX 3070 Ti (faster-whisper's README)",
    ),
    Stage(
        "translator",
        "vLLM, a model of 14B, AWQ",
        TOKENS_A_CHUNK * VLLM_IN_FLIGHT / VLLM_TOKENS_A_SECOND,
        0,
        f"{TOKENS_A_CHUNK} tokens a chunk, {VLLM_TOKENS_A_SECOND:.0f} tokens/s shared by {VLLM_IN_FLIGHT} "
        "requests (cnblogs.com/aibi1/p/19503897)",
    ),
    Stage(
        "synthesizer",
        "XTTS v2",
        CHUNK_SECONDS / 5,
        1,
        "5 times real time on an RTX 4060 (gigagpu.com/xtts-v2-vram-requirements)",
    ),
    Stage(
        "assembler",
        "ffmpeg, one core",
        0.1,
        0,
        "0.1 s a second of video, an upper bound from `realtime_video` in benchmarks/README.md",
    ),
)

FAST_SPEECH = Stage(
    "synthesizer",
    "VITS",
    CHUNK_SECONDS / 67.12,
    1,
    "67.12 times real time on a V100 (the VITS paper, arXiv:2106.06103)",
)
"""In place of XTTS: one voice a model, no cloning, a licence that allows business."""


@dataclass(frozen=True)
class Prices:
    """Of an hour, in US dollars. Defaults: AWS on demand in us-east-1 in 2025, g6.xlarge (one L4) and a vCPU
    of m7i."""

    gpu: float = 0.80
    core: float = 0.05


@dataclass(frozen=True)
class Plan:
    """Workers by service, and GPUs of vLLM, for one load."""

    load: float
    workers: Mapping[str, int]
    vllm: int
    gpus: int

    def dollars_an_hour(self, prices: Prices) -> float:
        """GPUs, and a core for each worker beside the gateway's and billing's two each."""
        return self.gpus * prices.gpu + (sum(self.workers.values()) + 4) * prices.core


class TooFewPartitionsError(Exception):
    """The topic has too few partitions for this load, however many workers there are."""


def shared(workers: int, partitions: int = SPREAD) -> float:
    """Workers' worth of work that `workers` do who share `partitions`.

    Chunks are spread evenly over partitions and a partition has one worker, so whoever has most of them
    sets the pace: 13 of 24 workers do no more than 12.
    """
    return partitions / math.ceil(partitions / min(workers, partitions))


def workers_for(stage: Stage, pieces_a_second: float, partitions: int = SPREAD) -> int:
    """The fewest workers of a stage that are busy for at most `BUSY` of their time.

    Raises TooFewPartitionsError where one worker a partition is not enough.
    """
    needed = pieces_a_second * stage.seconds / BUSY
    for workers in range(1, partitions + 1):
        if shared(workers, partitions) >= needed:
            return workers
    raise TooFewPartitionsError(
        f"{stage.service} needs {math.ceil(needed)} workers, and its topic has {partitions} partitions"
    )


def plan(load: float, stages: tuple[Stage, ...] = STAGES, partitions: int = SPREAD) -> Plan:
    """Workers that keep up with `load` hours of video an hour. Raises TooFewPartitionsError."""
    chunks = load / CHUNK_SECONDS
    workers = {
        stage.service: workers_for(stage, load if stage.service == "assembler" else chunks, partitions)
        for stage in stages
    }
    vllm = math.ceil(chunks * TOKENS_A_CHUNK / VLLM_TOKENS_A_SECOND / BUSY)
    gpus = vllm + sum(workers[stage.service] * stage.gpus for stage in stages)
    return Plan(load, workers, vllm, gpus)
