"""Videos to be dubbed: short ones of which no two have the same digest, and spoken ones of known length."""

import math
import struct
import uuid
import wave
from collections.abc import Iterator
from pathlib import Path

from octavia_samples.factory import CHEAP, put_under_picture

_RATE = 48_000
SECONDS = 2.0
"""Length of the short videos: one line of speech for the engines that only take time."""


class Sources:
    """Makes videos of `seconds` in a folder."""

    def __init__(self, directory: Path, *, seconds: float = SECONDS) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        track = directory / "tone.wav"
        with wave.open(str(track), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_RATE)
            tone = (int(6000 * math.sin(2 * math.pi * 440 * n / _RATE)) for n in range(int(seconds * _RATE)))
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
        video = directory / "base.mp4"
        put_under_picture(video, track, seconds, picture=CHEAP)
        self._bytes = video.read_bytes()

    def some(self, count: int) -> Iterator[Path]:
        """`count` files that play alike and differ in their bytes: what was made of one serves no other."""
        for _ in range(count):
            mark = uuid.uuid4().bytes
            path = self._directory / f"{mark.hex()}.mp4"
            # A box of type "free" is passed over by every reader (ISO/IEC 14496-12, 8.1.2).
            path.write_bytes(self._bytes + struct.pack(">I4s", 8 + len(mark), b"free") + mark)
            yield path
