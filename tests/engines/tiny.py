"""Tiny models of random weights, made on the spot: the engines load them by path, as they load real ones."""

import subprocess
from pathlib import Path

from octavia_local import engines
from octavia_local.layout import Layout
from octavia_samples.tiny_language_model import write_language_model

_MAKE_SECONDS = 300.0


def tiny_whisper(folder: Path, *, language: str) -> Path:
    """A Whisper that hears `language`, in words of its own."""
    return _made(
        "faster-whisper", "services/transcriber/engine_tests/tiny_whisper.py", folder, "--language", language
    )


def tiny_voice(folder: Path) -> Path:
    """A VITS of several speakers that speaks noise of the right length."""
    return _made("coqui", "services/synthesizer/engine_tests/tiny_vits.py", folder)


def tiny_language_model(folder: Path) -> Path:
    """A Llama that speaks in letters."""
    return write_language_model(folder)


def _made(engine: str, script: str, folder: Path, *arguments: str) -> Path:
    """Run a script by the Python of an engine's environment, whose packages it needs."""
    layout = Layout.default()
    command = [str(engines.engine(engine).python(layout)), str(layout.root / script), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_MAKE_SECONDS, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return folder
