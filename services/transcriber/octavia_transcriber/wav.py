"""Sound as WAV, mono, 16 bit: that of chunks at 16 kHz."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from octavia_transcriber.planning.features import SAMPLE_RATE

MEDIA_TYPE = "audio/wav"


def to_wav(pcm: bytes, rate: int = SAMPLE_RATE) -> bytes:
    """Samples (little-endian, 16 bit, mono) in a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def from_wav(data: bytes) -> NDArray[np.int16]:
    """The samples of a WAV file made by `to_wav`. Raises ValueError for any other shape."""
    with wave.open(io.BytesIO(data), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if shape != (1, 2, SAMPLE_RATE):
            raise ValueError(f"chunk audio must be mono, 16 bit, {SAMPLE_RATE} Hz, not {shape}")
        return np.frombuffer(file.readframes(file.getnframes()), np.dtype("<i2"))


def wav_seconds(data: bytes) -> float:
    """How long a WAV file plays."""
    with wave.open(io.BytesIO(data), "rb") as file:
        return file.getnframes() / file.getframerate()
