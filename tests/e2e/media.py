"""Media for end-to-end tests."""

from itertools import islice
from pathlib import Path

from octavia_samples.factory import CHEAP, make_speech_video
from octavia_samples.script import endless


def speech_clip(path: Path, *, lines: int) -> Path:
    """A video of so many spoken lines, about 4 s each with their pauses, music under them."""
    make_speech_video(path, islice(endless(), lines), picture=CHEAP)
    return path
