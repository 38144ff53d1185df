"""Media that cost nothing to make, for what does not ask what is seen and heard."""

import math
import struct
import uuid
import wave
from pathlib import Path

RATE = 48_000


def tone(path: Path, seconds: float) -> Path:
    """A mono WAV file of 440 Hz, `seconds` long at 48 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        samples = (int(6000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(round(seconds * RATE)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


def unlike(video: bytes) -> bytes:
    """An MP4 that plays as `video` does and has other bytes each time: what was made of one serves no other.

    A box of type "free" is passed over by every reader (ISO/IEC 14496-12, 8.1.2).
    """
    mark = uuid.uuid4().bytes
    return video + struct.pack(">I4s", 8 + len(mark), b"free") + mark
