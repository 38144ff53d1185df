"""What sound measures: energies of its hops, and its highest true peak."""

import numpy as np

from octavia_assembler.sound import BLOCK, Samples
from octavia_assembler.sound.limiter import highest_true_peak
from octavia_assembler.sound.loudness import Energies, HopMeans, KWeighting


def metered(samples: Samples, before: int) -> tuple[Energies, float]:
    """Energies and highest true peak (a factor) of (frames, 2) samples from frame `before` on.

    What lies before only lets the filter settle.
    """
    weighting, means = KWeighting(2), HopMeans()
    if before:
        weighting.filter(samples[:before])
    for first in range(before, len(samples), BLOCK):
        means.add(np.square(weighting.filter(samples[first : first + BLOCK])).sum(axis=1))
    return means.result(), highest_true_peak(samples[before:])
