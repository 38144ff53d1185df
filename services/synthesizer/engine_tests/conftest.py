"""Tiny voices, made once."""

import io
import wave

import numpy as np
import pytest
from octavia_synthesizer.engine import OwnVoice

from . import tiny_vits


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """A model of three languages and three speakers."""
    return tiny_vits.make(tmp_path_factory.mktemp("voices") / "plain")


@pytest.fixture(scope="session")
def cloning(tmp_path_factory):
    """A model that makes voices of clean speech."""
    return tiny_vits.make(tmp_path_factory.mktemp("voices") / "cloning", cloning=True)


def clean_speech(pitch: float, *, seconds: float = 3.0) -> OwnVoice:
    """A hum of somebody, as the transcriber keeps it: mono 24 kHz 16-bit WAV."""
    from octavia_common.artifacts import sha256_of

    times = np.arange(int(seconds * 24_000)) / 24_000
    hum = sum(np.sin(2 * np.pi * pitch * n * times) / n for n in range(1, 12)) * 0.1
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes((hum * 32767).astype("<i2").tobytes())
    return OwnVoice(sha256_of(buffer.getvalue()), buffer.getvalue())
