"""Where something is burnt in already: found in a few frames of each cue, so that subtitles can avoid it.

Burnt-in text is rows of hard vertical edges, far denser than the rows around them, that stay where they are
from one frame looked at to the next. A picture that is busy all over has no such rows, and one that moves
keeps none of its edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from octavia_common.cancellation import CancelToken
from octavia_common.media import MediaInfo, ToolLimits, ffmpeg
from octavia_subtitles.rules import Cue

from octavia_assembler.rendering.media import source_input

FRAMES_A_SECOND = 4
WIDTH = 384
"""Pixels across that are looked at: letters of a twentieth of the height still have edges."""

BAND = 72
"""Rows at either end that are looked at, scaled from a third of the picture: two lines and their margin."""

HARD_EDGE = 48
"""Difference of two neighbouring pixels (of 255) that counts as an edge of a letter."""

TEXT_ROWS = 5
"""Rows of a line of text at this scale, at least."""

LEAST_DENSITY = 0.02
"""Share of the pixels across that are hard edges in rows of text: a short word has some ten of them."""

OUTSTANDING = 3.0
"""How many times denser rows of text are than the middle row of their band."""


@dataclass(frozen=True)
class Occupied:
    """How much text seems to be burnt in at either end during a cue; 0 is none."""

    top: float
    bottom: float

    @property
    def better_above(self) -> bool:
        """Whether the top is the better place."""
        return self.bottom > 0 and self.top < self.bottom


async def look(
    picture: Path, info: MediaInfo, cues: Sequence[Cue], scratch: Path, cancel: CancelToken
) -> list[Occupied]:
    """What stands in the picture during each cue. The picture is decoded once, small."""
    frames = scratch / "frames.gray"
    third = "crop=iw:floor(ih/3):0"
    graph = (
        f"fps={FRAMES_A_SECOND},split[one][two];"
        f"[one]{third}:0,scale={WIDTH}:{BAND}:flags=area[top];"
        f"[two]{third}:ih-floor(ih/3),scale={WIDTH}:{BAND}:flags=area[bottom];"
        "[top][bottom]vstack,format=gray"
    )
    seconds = info.duration_seconds
    await ffmpeg(
        *source_input(picture, info), *("-map", "0:v:0", "-an", "-sn", "-dn", "-vf", graph),
        *("-f", "rawvideo", f"file:{frames}"),
        limits=ToolLimits(
            seconds=120 + seconds * 2,
            file_bytes=int((seconds + 60) * FRAMES_A_SECOND * 2 * BAND * WIDTH),
        ),
        cancel=cancel,
    )  # fmt: skip
    return occupied(frames, cues)


def occupied(frames: Path, cues: Sequence[Cue]) -> list[Occupied]:
    """What `look` finds in the file of frames, one cue after the other."""
    size = 2 * BAND * WIDTH
    count = frames.stat().st_size // size
    found: list[Occupied] = []
    with frames.open("rb") as file:
        for cue in cues:
            first = min(cue.start_ms * FRAMES_A_SECOND // 1000, max(count - 2, 0))
            last = min(max(-(-cue.end_ms * FRAMES_A_SECOND // 1000), first + 2), count)
            file.seek(first * size)
            data = file.read((last - first) * size)
            shown = np.frombuffer(data, dtype=np.uint8).reshape(-1, 2 * BAND, WIDTH)
            found.append(Occupied(top=text_in(shown[:, :BAND]), bottom=text_in(shown[:, BAND:])))
    return found


def text_in(band: NDArray[np.uint8]) -> float:
    """How much text stands in a band, shaped (frames, rows, columns), in most of its frames; 0 is none."""
    edges = np.abs(np.diff(band.astype(np.int16), axis=2)) > HARD_EDGE
    if len(edges) > 1:
        edges = edges[1:] & edges[:-1]
    found = [_text_rows(frame.mean(axis=1)) for frame in edges]
    return float(np.median(found)) if found else 0.0


def _text_rows(density: NDArray[np.float64]) -> float:
    """The density of the densest line of text; 0 where no rows stand out."""
    lines = np.convolve(density, np.full(TEXT_ROWS, 1 / TEXT_ROWS), mode="valid")
    densest = float(lines.max())
    if densest < LEAST_DENSITY or densest < OUTSTANDING * float(np.median(density)):
        return 0.0
    return densest
