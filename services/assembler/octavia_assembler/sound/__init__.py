"""Sound as arrays: blocks of 48 kHz float samples, read and written in flat memory."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Samples from -1 to 1, shaped (frames,) for one channel or (frames, 2) for stereo."""

CHANNELS = 2
"""Channels of all dubbed sound."""

BLOCK = 1 << 17
"""Frames handled at once: 2.7 s, 1 MiB of stereo."""
