"""Sound as loud as its source and never too high, after encoding, from what its blocks measure."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from octavia_common.cancellation import CancelToken

from octavia_assembler.rendering.made import HIGHEST_DBTP, Blocks, MadeBlock, read_samples
from octavia_assembler.rendering.media import Meter, Mux, measure
from octavia_assembler.sound.balance import Balance, in_steps
from octavia_assembler.sound.loudness import integrated, peak_decibels
from octavia_assembler.sound.raw import raw_bytes

TOLERANCE_LU = 0.5
"""Half of the promised 1 LU: the other half is for other meters."""

MOST_TRIES = 3


@dataclass(frozen=True)
class Mastered:
    """The blocks of the output, the gains they were made with, and what all of them measure."""

    blocks: list[MadeBlock]
    gains: Balance
    meter: Meter


async def master(blocks: Blocks, gains: Balance, wanted_lufs: float | None) -> Mastered:
    """Blocks at `wanted_lufs` below the highest true peak. Nothing is measured but what is made anew.

    The peak goes before the loudness: a source mastered louder than it allows comes out a little
    quieter. Loudness None asks for no change.
    """
    for left in reversed(range(MOST_TRIES)):
        made = await blocks.make(gains, blocks.ceiling_dbtp)
        meter = _meter(made)
        missing = _missing(wanted_lufs, meter)
        if left == 0 or abs(missing) <= TOLERANCE_LU:
            break
        gains = replace(gains, whole=gains.whole * 10 ** (in_steps(missing) / 20))
    return Mastered(made, gains, meter)


async def master_whole(
    blocks: Blocks, gains: Balance, wanted_lufs: float | None, mux: Mux, output: Path, cancel: CancelToken
) -> Mastered:
    """As `master`, into `output`, for a lossy coder whose packets cannot be joined: it has to be heard as a
    whole."""
    ceiling = blocks.ceiling_dbtp
    for left in reversed(range(MOST_TRIES)):
        made = await blocks.make(gains, ceiling)
        await encode_whole(mux, made, output, cancel)
        meter = await measure(output, mux.info, cancel)
        over = -1.0 if meter.true_peak_dbtp is None else meter.true_peak_dbtp - HIGHEST_DBTP
        missing = _missing(wanted_lufs, meter)
        if left == 0 or (over <= 0 and abs(missing) <= TOLERANCE_LU):
            break
        if abs(missing) > TOLERANCE_LU:
            gains = replace(gains, whole=gains.whole * 10 ** (in_steps(missing) / 20))
        ceiling -= over + 0.2 if over > 0 else 0.0
    return Mastered(made, gains, meter)


async def encode_whole(mux: Mux, blocks: list[MadeBlock], output: Path, cancel: CancelToken) -> None:
    """Encode the sound of all blocks in one run, from a pipe, and mux it."""
    read_end, write_end = os.pipe()

    def fill() -> None:
        # An encoder that ended early says itself what was wrong.
        with suppress(BrokenPipeError), os.fdopen(write_end, "wb") as pipe:
            for samples in read_samples(blocks):
                cancel.raise_if_cancelled()
                pipe.write(raw_bytes(samples))

    filling = asyncio.ensure_future(asyncio.to_thread(fill))
    try:
        await replace(mux, raw=Path("-")).write(output, cancel, sound=read_end)
    finally:
        os.close(read_end)
        await filling


def _meter(blocks: list[MadeBlock]) -> Meter:
    peak = max(block.true_peak for block in blocks)
    return Meter(
        lufs=integrated(np.concatenate([block.energies for block in blocks])),
        true_peak_dbtp=peak_decibels(peak) if peak > 0 else None,
    )


def _missing(wanted_lufs: float | None, meter: Meter) -> float:
    return 0.0 if wanted_lufs is None or meter.lufs is None else wanted_lufs - meter.lufs
