"""A tiny Whisper, made once, and real voices to hear."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from octavia_common.cancellation import CancelToken

from .tiny_whisper import write_tiny_whisper

RATE = 16_000
Samples = NDArray[np.int16]


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of many languages that hears Portuguese."""
    return write_tiny_whisper(tmp_path_factory.mktemp("models") / "tiny", language="pt")


@pytest.fixture(scope="session")
def looping_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says one word again and again, as real ones do in noise."""
    return write_tiny_whisper(tmp_path_factory.mktemp("models") / "loops", loops=True)


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory):
    """A sentence of a flite voice as 16 kHz samples."""
    folder = tmp_path_factory.mktemp("voices")

    def speak(text: str, name: str = "slt") -> Samples:
        path = folder / f"{name}-{abs(hash(text))}.wav"
        subprocess.run(["flite", "-voice", name, "-t", text, "-o", path], check=True)
        with wave.open(str(path), "rb") as file:
            assert file.getframerate() == RATE
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)

    return speak


@pytest.fixture(scope="session")
def talk(voice) -> Samples:
    """Three sentences with pauses of 4 s, in which nothing is said, between them."""
    parts = [
        voice("Good morning, and welcome to the show."),
        voice("Today we want to talk about the history of the city and its people.", "rms"),
        voice("Most of the families came here to work in the market."),
    ]
    silence = np.zeros(4 * RATE, np.int16)
    return np.concatenate([silence, *(piece for part in parts for piece in (part, silence))])


@pytest.fixture
def cancel() -> CancelToken:
    return CancelToken()
