"""Videos to be dubbed: short ones of which no two have the same digest, and spoken ones of known length."""

import uuid
from collections.abc import Iterator
from pathlib import Path

from octavia_samples.factory import CHEAP, put_under_picture
from octavia_samples.quick import tone, unlike

SECONDS = 2.0
"""Length of the short videos: one line of speech for the engines that only take time."""


class Sources:
    """Makes videos of `seconds` in a folder."""

    def __init__(self, directory: Path, *, seconds: float = SECONDS) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        track = tone(directory / "tone.wav", seconds)
        video = directory / "base.mp4"
        put_under_picture(video, track, seconds, picture=CHEAP)
        self._bytes = video.read_bytes()

    def some(self, count: int) -> Iterator[Path]:
        """`count` files that play alike and differ in their bytes: what was made of one serves no other."""
        for _ in range(count):
            path = self._directory / f"{uuid.uuid4().hex}.mp4"
            path.write_bytes(unlike(self._bytes))
            yield path
