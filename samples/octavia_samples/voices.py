"""Clean speech from flite, trimmed to where it really begins and ends."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from octavia_samples.tools import run

RATE = 48_000
"""Samples a second of everything here."""

Sound = npt.NDArray[np.float32]
"""Mono samples between -1 and 1."""

SPEECH_RMS = 0.1
"""Level to which every line is brought: -20 dBFS."""

_FRAME = RATE // 200
_CUT_DB = -45.0
"""What is quieter than this, relative to the line's own level, is cut off at its edges."""

_AUDIBLE_DB = -25.0
"""Speech has begun once a 5 ms frame is louder than this, relative to the line's own level: breath and
the rise of a soft consonant before it drown in the quietest music."""


@dataclass(frozen=True)
class Utterance:
    """A spoken line; `onset` and `end` are the samples between which it can be heard."""

    sound: Sound
    onset: int
    end: int


@lru_cache(maxsize=512)
def speak(text: str, voice: str) -> Utterance:
    """A line in one of flite's voices (slt, rms, awb, kal16…)."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "line.wav"
        run(["flite", "-voice", voice, "-t", text, "-o", str(spoken)])
        sound = decode_file(spoken)
    sound = np.clip(sound * np.float32(SPEECH_RMS / max(rms(sound), 1e-9)), -0.95, 0.95)
    first, last = _edges(sound, _CUT_DB)
    sound = sound[first:last]
    return Utterance(sound, *_edges(sound, _AUDIBLE_DB))


def _edges(sound: Sound, relative_db: float) -> tuple[int, int]:
    """The samples where the first frame that is loud enough begins, and the last one ends."""
    frames = len(sound) // _FRAME
    levels = np.sqrt(np.mean(np.square(sound[: frames * _FRAME].reshape(frames, _FRAME)), axis=1))
    loud = np.flatnonzero(levels > rms(sound) * 10 ** (relative_db / 20))
    if not len(loud):
        raise ValueError("nothing can be heard in this sound")
    return int(loud[0]) * _FRAME, int(loud[-1] + 1) * _FRAME


def rms(sound: Sound) -> float:
    """Root mean square of a sound."""
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def decode_file(path: Path, rate: int = RATE, *, track: int = 0) -> Sound:
    """A sound track of any media file, mixed to mono. Raises ToolError."""
    source = ["-i", str(path), "-map", f"0:a:{track}"]
    # Integers, since ffmpeg's mix of two equal channels to one of floats is 3 dB louder than they are.
    raw = run(
        ["ffmpeg", "-nostdin", "-v", "error", *source, "-ac", "1", "-ar", str(rate), "-f", "s32le", "-"]
    )
    return np.frombuffer(raw, dtype="<i4").astype(np.float32) / np.float32(2**31)
