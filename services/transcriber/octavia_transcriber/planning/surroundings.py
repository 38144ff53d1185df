"""What the sound around a moment is like: percentiles of its levels, on a grid of seconds."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from octavia_transcriber.planning.features import FRAMES_PER_SECOND, Features, Levels


@dataclass(frozen=True)
class Surroundings:
    """A percentile of the levels near each moment, known every second, between which it runs straight."""

    grid: NDArray[np.int64]
    values: Levels

    @classmethod
    def of(
        cls,
        features: Features,
        *,
        percentile: float,
        seconds: float,
        where: NDArray[np.bool_] | None = None,
    ) -> Self:
        """Of the frames within `seconds` of each moment, or of those that `where` marks among them."""
        half = int(seconds * FRAMES_PER_SECOND)
        grid = np.arange(0, len(features) + FRAMES_PER_SECOND, FRAMES_PER_SECOND)
        values = np.full((len(grid), features.levels.shape[1]), np.nan, np.float32)
        for row, middle in enumerate(grid):
            near = slice(max(0, middle - half), middle + half)
            levels = features.decibels(near)
            if where is not None:
                levels = levels[where[near]]
            if len(levels):
                values[row] = np.percentile(levels, percentile, axis=0)
        known = ~np.isnan(values[:, 0])
        return cls(grid[known], values[known])

    def at(self, near: slice) -> Levels:
        """Levels in dB, frames x bands; NaN where there was nothing to measure anywhere."""
        frames = np.arange(near.start, near.stop)
        if not len(self.grid):
            return np.full((len(frames), self.values.shape[1]), np.nan, np.float32)
        bands = [np.interp(frames, self.grid, band) for band in self.values.T]
        return np.stack(bands, axis=1).astype(np.float32)
