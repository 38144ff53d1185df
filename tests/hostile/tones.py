"""Sound that costs nothing to make."""

import math
import struct
import wave
from pathlib import Path

RATE = 48_000


def tone(path: Path, seconds: float) -> Path:
    """A WAV file of 440 Hz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        samples = (int(6000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(int(seconds * RATE)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path
