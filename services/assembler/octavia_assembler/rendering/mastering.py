"""Sound as loud as its source and never too high, after encoding: limit, encode, measure, correct."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from octavia_common.cancellation import CancelToken

from octavia_assembler.rendering.media import Meter, Mux, measure
from octavia_assembler.sound.limiter import limit
from octavia_assembler.sound.raw import RawSound

HIGHEST_DBTP = -1.1
"""EBU R128's -1 dBTP, less the tenth that ffmpeg's meter rounds to."""

LOSSY_MARGIN_DB = 0.9
LOSSLESS_MARGIN_DB = 0.2
"""Encoders raise peaks; most stay within this."""

TOLERANCE_LU = 0.5
"""Half of the promised 1 LU: the other half is for other meters."""

MOST_ENCODES = 3


async def master(
    mux: Mux, sound: RawSound, wanted_lufs: float | None, output: Path, cancel: CancelToken
) -> Meter:
    """Write `output` with `sound` at `wanted_lufs` below the highest true peak; returns what it measures.

    The peak goes before the loudness: a source mastered louder than it allows comes out a little
    quieter. `sound` is changed in place. Loudness None asks for no change.
    """
    ceiling = HIGHEST_DBTP - (LOSSLESS_MARGIN_DB if mux.container.lossless else LOSSY_MARGIN_DB)
    gain_db = 0.0
    for left in reversed(range(MOST_ENCODES)):
        await _encode(mux, sound, ceiling, 10 ** (gain_db / 20), output, cancel)
        found = await measure(output, mux.info, cancel)
        over = -1.0 if found.true_peak_dbtp is None else found.true_peak_dbtp - HIGHEST_DBTP
        missing = 0.0 if wanted_lufs is None or found.lufs is None else wanted_lufs - found.lufs
        if left == 0 or (over <= 0 and abs(missing) <= TOLERANCE_LU):
            break
        gain_db = missing if abs(missing) > TOLERANCE_LU else 0.0
        ceiling -= over + 0.2 if over > 0 else 0.0
    return found


async def _encode(
    mux: Mux, sound: RawSound, ceiling: float, gain: float, output: Path, cancel: CancelToken
) -> None:
    """Limit and encode at once: what is limited goes to the encoder through a pipe, block by block."""
    read_end, write_end = os.pipe()

    def fill() -> None:
        # An encoder that ended early says itself what was wrong.
        with suppress(BrokenPipeError), os.fdopen(write_end, "wb") as pipe:
            limit(sound, ceiling, cancel, gain, copy_to=pipe)

    filling = asyncio.ensure_future(asyncio.to_thread(fill))
    try:
        await mux.write(output, cancel, sound=read_end)
    finally:
        os.close(read_end)
        await filling
