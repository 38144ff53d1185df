"""Another length at the same pitch, for what an engine cannot speak faster or slower itself."""

import asyncio

import numpy as np
from octavia_common.cancellation import CancelToken
from octavia_common.media.ffmpeg import ffmpeg
from octavia_common.media.sandbox import ToolLimits

from octavia_synthesizer.engine import Samples
from octavia_synthesizer.fitting import SAMPLE_RATE
from octavia_synthesizer.sound import exactly, trimmed

MOST_AT_ONCE, LEAST_AT_ONCE = 2.0, 0.5
"""Beyond these one `atempo` skips samples instead of blending them; several are chained."""

LIMITS = ToolLimits(seconds=120, cpu_seconds=60, file_bytes=0, output_bytes=256 * 1024 * 1024)


async def stretched(samples: Samples, length: int, cancel: CancelToken) -> Samples:
    """The speech in exactly `length` samples, its pitch kept (ffmpeg's `atempo`, a WSOLA)."""
    pcm = ("-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1")
    done = await ffmpeg(
        *(*pcm, "-i", "pipe:0", "-af", tempo_filter(len(samples) / length), *pcm, "pipe:1"),
        stdin=samples.astype("<f4").tobytes(),
        cancel=cancel,
        limits=LIMITS,
    )
    result = await asyncio.to_thread(trimmed, np.frombuffer(done.stdout, dtype="<f4").astype(np.float32))
    return exactly(result if len(result) else samples, length)


def tempo_filter(tempo: float) -> str:
    """`atempo` filters that together play `tempo` times as fast."""
    steps: list[float] = []
    while tempo > MOST_AT_ONCE:
        steps.append(MOST_AT_ONCE)
        tempo /= MOST_AT_ONCE
    while tempo < LEAST_AT_ONCE:
        steps.append(LEAST_AT_ONCE)
        tempo /= LEAST_AT_ONCE
    return ",".join(f"atempo={step:.6f}" for step in (*steps, tempo))
