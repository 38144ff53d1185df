"""One block through the encoder of an output, by itself, so that the packets of all blocks make one stream.

A packet needs the one before it to be heard, and encoders look a little ahead. So a block is encoded with
some sound before and after it, whose packets are dropped: where blocks meet, the packets of both were made
of the same sound, and a decoder goes from one to the next as it would within one stream. What an encoder
adapts to slowly (its rate) has settled by then.
"""

from dataclasses import dataclass

import numpy as np
from octavia_common.cancellation import CancelToken
from octavia_common.media import ToolLimits, ffmpeg

from octavia_assembler.rendering.coders import Coder
from octavia_assembler.sound import CHANNELS, Samples
from octavia_assembler.sound.blocks import AAC_FRAME, Block
from octavia_assembler.sound.raw import raw_bytes
from octavia_assembler.timeline import SAMPLE_RATE

LEAD = 24 * AAC_FRAME
"""Samples that are there before a block: half a second."""

TRAIL = 8 * AAC_FRAME
"""Samples that are there after it."""

_RAW = ("-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", str(CHANNELS))
_EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")


@dataclass(frozen=True)
class Encoded:
    """A block's own packets, and its sound as a decoder gives it, with `before` samples in front."""

    packets: bytes
    heard: Samples
    before: int


async def encode(samples: Samples, block: Block, coder: Coder, *, last: bool, cancel: CancelToken) -> Encoded:
    """Encode a block; `samples` are from `LEAD` before it to `TRAIL` after it.

    Its packets are as many as it has frames; the `last` has those more that the first were early.
    """
    limits = ToolLimits(seconds=120 + len(samples) / SAMPLE_RATE * 2)
    ahead_packets = LEAD // coder.frame
    before = ahead_packets * coder.frame
    said = await ffmpeg(
        *(*_RAW, "-i", "pipe:0", *coder.options, *_EXACT, "-f", coder.form[0], "pipe:1"),
        limits=limits,
        cancel=cancel,
        stdin=raw_bytes(samples[LEAD - before + coder.ahead :]),
    )
    decoded = await ffmpeg(
        *("-f", coder.form[1], "-i", "pipe:0", *_RAW, "pipe:1"),
        limits=limits,
        cancel=cancel,
        stdin=said.stdout,
    )
    heard = np.frombuffer(decoded.stdout, dtype="<f4").reshape(-1, CHANNELS)[coder.lag - coder.ahead :]
    length = block.end - block.start
    count = -(-length // coder.frame) + (coder.priming if last else 0)
    packets = coder.packets(said.stdout)[ahead_packets : ahead_packets + count]
    return Encoded(b"".join(packets), heard[: before + length], before)
